"""A machine that is made to have or to lack something, for one command alone."""

import subprocess

import pytest

NO_CGROUPS = "umount --all --types cgroup,cgroup2"  # wherever they are mounted
NO_TERMINALS = "mount --bind /dev/null /dev/ptmx"
NO_TRACEFS = "mount -t tmpfs none /sys/kernel/debug; mount -t tmpfs none /sys/kernel/tracing"
TRACEFS = "mountpoint -q /sys/kernel/tracing || mount -t tracefs none /sys/kernel/tracing"


def in_a_mount_namespace(script: str, *command: object) -> subprocess.CompletedProcess[str]:
    """Runs a command behind mounts that only it sees. Skips the test where the machine does not
    allow `script`."""

    def run(script: str, *words: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["unshare", "--mount", "sh", "-ec", script, "sh", *map(str, words)],
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )

    probe = run(script)
    if probe.returncode:
        pytest.skip(f"mounting is not allowed here: {' '.join(probe.stderr.split()) or script}")
    return run(f'{script}; exec "$@"', *command)
