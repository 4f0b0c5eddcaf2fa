"""The two arms: where their sources come from, and their programs.

The harness, the scenario and the control are always this checkout's; an arm brings its folder
queues/, or, with `--with`, the header of a queue from outside the tree.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path

from bqb import ROOT, CommandError
from bqb.exit_status import GateStatus
from bqb.running import build, external_queues
from bqb.running.header_flags import Header

CONTROL = "control"
LAYOUTS = 20  # of an arm's code: the first look, of 20 pairs, sees each once
BUILDS = Path(os.environ.get("BQB_GATE_BUILDS", ROOT / "build" / "gate"))


@dataclass(frozen=True)
class Arm:
    name: str  # base, head
    source: str  # as the user named it
    commit: str  # or "" where it is no commit
    dirty: bool
    sources_id: str  # of the files that were compiled
    folder: Path  # of the programs

    def trial_program(self, layout: int) -> Path:
        """The same objects, each of the LAYOUTS linked with its code at other places."""
        return self.folder / f"gate_trial_{layout}"

    @property
    def counts_program(self) -> Path:
        return self.folder / "gate_counts"


def staged_sources(name: str) -> Path:
    """Where the files that arm `name` brings are copied to."""
    return BUILDS / name / "source"


@dataclass(frozen=True)
class Sources:
    """What an arm brings, copied to staged_sources(name)."""

    name: str
    source: str
    commit: str
    dirty: bool
    header: str | None


def prepare(name: str, source: str, queues: tuple[str, ...], header: str | None) -> Arm:
    return compiled(stage(name, source, header), queues)


def compiled(sources: Sources, queues: tuple[str, ...]) -> Arm:
    """Raises CommandError (INVALID) where it does not compile."""
    name, header, staged = sources.name, sources.header, staged_sources(sources.name)
    if own := os.environ.get("BQB_GATE_PROGRAMS"):  # a folder with the programs of both arms
        folder = Path(own) / name
    else:
        try:
            folder = build_header(staged / header) if header else build_queues(name, staged, queues)
        except CommandError as error:
            raise CommandError(
                f"the {name} ({sources.source}) does not compile: {error}", GateStatus.INVALID
            ) from None
    return Arm(name, sources.source, sources.commit, sources.dirty, identity(staged), folder)


# ------------------------------------------------------------------------------------------ sources


def stage(name: str, source: str, header: str | None) -> Sources:
    """Copies what the arm brings. Raises CommandError (USAGE) where there is no such source."""
    folder = Path(source)
    if folder.is_dir():
        needed = folder / (header or "queues/queues.list")
        if not needed.is_file():
            raise CommandError(
                f"{source}: has no {header or 'queues/queues.list'}; name a checkout of this "
                "project, "
                "or a git revision; for a queue of your own add --with",
                GateStatus.USAGE,
            )
        files = {path: (folder / path).read_bytes() for path in listed(folder, header)}
        commit, dirty = revision_of(folder, header)
    else:
        files, commit, dirty = *archived(source, header), False
    mirror(files, staged_sources(name))
    return Sources(name, source, commit, dirty, header)


def listed(folder: Path, header: str | None) -> list[str]:
    """The arm's files: queues/, or all headers and sources where the header could include any of
    them."""
    roots = ["queues"] if header is None else [""]
    paths = []
    for root in roots:
        for parent, folders, names in os.walk(folder / root):
            folders[:] = sorted(
                name for name in folders if not name.startswith(".") and name != "build"
            )
            paths += [
                str((Path(parent) / name).relative_to(folder))
                for name in sorted(names)
                if header is None
                or name.endswith((".h", ".hpp", ".hh", ".hxx", ".ipp", ".inl", ".inc"))
            ]
    return [path for path in paths if (folder / path).is_file()]


def git(*words: str, at: Path, text: bool = True) -> subprocess.CompletedProcess:
    """`at` may belong to somebody else, as in a container: whoever names a folder to be compiled
    and run trusts it."""
    return subprocess.run(
        ["git", "-c", f"safe.directory={at.resolve()}", "-C", str(at), *words],
        capture_output=True,
        text=text,
        check=False,
        env={**os.environ, "LC_ALL": "C"},
    )


def repository(revision: str, header: str | None) -> Path:
    """Whose revisions are meant: those of the repository that we are in, if it has what an arm
    brings, else ROOT's."""
    if not shutil.which("git"):
        raise CommandError(
            f"'{revision}' is no folder, and finding a revision takes git, which is not installed; "
            "name a folder, or install git (Debian: apt-get install git)",
            GateStatus.INVALID,
        )
    here = top_of(Path.cwd())
    if here and (here / (header or "queues/queues.list")).is_file():
        return here
    if not top_of(ROOT):
        raise CommandError(
            f"'{revision}' is no folder, and {ROOT} is no git checkout, so it has no revisions; "
            "name a folder, or clone the project with git",
            GateStatus.USAGE,
        )
    return ROOT


def top_of(folder: Path) -> Path | None:
    """Of the checkout that `folder` is in; None where it is in none."""
    top = git("rev-parse", "--show-toplevel", at=folder)
    if top.returncode == 0:
        return Path(top.stdout.strip())
    if "not a git repository" in top.stderr or "must be run in a work tree" in top.stderr:
        return None
    # With git's own remedy.
    raise CommandError(f"{folder}: git: {' '.join(top.stderr.split())}", GateStatus.USAGE)


def archived(revision: str, header: str | None) -> tuple[dict[str, bytes], str]:
    at = repository(revision, header)
    commit = git("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}", at=at)
    if revision.startswith("-") or commit.returncode != 0:
        raise CommandError(
            f"'{revision}' is neither a folder nor a revision of {at}", GateStatus.USAGE
        )
    done = git("archive", commit.stdout.strip(), *([] if header else ["queues"]), at=at, text=False)
    if done.returncode != 0:
        raise CommandError(
            f"{revision}: git archive: {done.stderr.decode(errors='replace').strip()}",
            GateStatus.USAGE,
        )
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as tar:
        files = {
            member.name: tar.extractfile(member).read()
            for member in tar.getmembers()
            if member.isfile()
        }
    if (header or "queues/queues.list") not in files:
        raise CommandError(f"{revision}: has no {header or 'queues/queues.list'}", GateStatus.USAGE)
    return files, commit.stdout.strip()


def revision_of(folder: Path, header: str | None) -> tuple[str, bool]:
    """(commit, dirty). Without git, in no checkout, and for files that git does not track there the
    commit is ""."""
    if not shutil.which("git"):
        return "", False
    brought = header or "queues"
    commit = git("rev-parse", "HEAD", at=folder)
    tracked = git("ls-files", "--error-unmatch", "--", brought, at=folder).returncode == 0
    changes = git("status", "--porcelain", "--", brought, at=folder)
    return commit.stdout.strip() if commit.returncode == 0 and tracked else "", bool(
        changes.stdout.strip()
    )


def mirror(files: dict[str, bytes], target: Path) -> None:
    """Makes `target` hold these files and no others; one that is right already keeps its time, or
    all would be compiled again."""
    for path in [path for path in target.rglob("*") if path.is_file()]:
        if str(path.relative_to(target)) not in files:
            path.unlink()
    for name, content in files.items():
        path = target / name
        if not path.is_file() or path.read_bytes() != content:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)


def identity(staged: Path) -> str:
    """Of what was compiled: a hash over names and contents."""
    digest = hashlib.sha256()
    for path in sorted(path for path in staged.rglob("*") if path.is_file()):
        digest.update(f"{path.relative_to(staged)}\0{path.stat().st_size}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def identity_of_harness() -> str:
    """Of what both arms share: the harness's sources."""
    return identity(ROOT / "benchmarks")


# ------------------------------------------------------------------------------------------- builds


def build_queues(name: str, staged: Path, queues: tuple[str, ...]) -> Path:
    folder = BUILDS / name / "build"
    configure = [
        "cmake",
        "-S",
        str(ROOT),
        "-B",
        str(folder),
        "-G",
        "Ninja",
        "-DCMAKE_BUILD_TYPE=Release",
        "-DBQ_TESTS=OFF",
        f"-DBQ_QUEUES_FROM={staged}",
        f"-DBQ_ONLY={';'.join(queues)}",
        f"-DBQ_GATE_LAYOUTS={LAYOUTS}",
    ]
    build.run_cmake(configure, folder, "gate_programs", f"build {name}")
    return folder


def build_header(header: Path) -> Path:
    headers = (Header(str(header.resolve())),)
    external_queues.names_in(headers[0].path)
    return external_queues.build_with(
        headers, "release", "gate_programs", f"-DBQ_GATE_LAYOUTS={LAYOUTS}"
    )


def listing(arm: Arm, scenario: str, queues: tuple[str, ...]) -> dict:
    """{cells: [{queue, point, why_not?}], context}. Raises CommandError (USAGE) for a wrong
    scenario."""
    names = [word for queue in queues for word in ("--queue", queue)]
    done = subprocess.run(
        [arm.trial_program(0), "--scenario", scenario, "--list", *names],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise CommandError(
            done.stderr.strip().removeprefix("gate_trial: ") or "gate_trial --list failed",
            GateStatus.USAGE,
        )
    return json.loads(done.stdout)
