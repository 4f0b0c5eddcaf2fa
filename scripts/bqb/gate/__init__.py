"""./scripts/gate: whether a queue became slower between two versions of queues/ (or of a header of
one's own).

policy    what is measured and how it is judged: a TOML file
arms      base and head: located, staged and built around this checkout's harness
pairs     a fresh process of each arm, in turns, over the same messages
decide    exact sign tests at planned looks; nothing here knows of processes or files
counts    the lane that no noise reaches: instructions and system calls a message
run       one gate from arms to verdict; report shows it
stored    a head against what an earlier gate measured
campaign  how often the gate errs: identical arms, slow-downs on purpose, synthetic data
rivals    what other tools' tests would have said of the same pairs
"""

from pathlib import Path

from bqb import ROOT


def from_root(path: str) -> str:
    """What lies in this checkout by its place in it, so that files say the same on every machine;
    all else as it is."""
    return str(Path(path).relative_to(ROOT)) if Path(path).is_relative_to(ROOT) else path
