"""Pipelines for the test of the advice, drawn from the hash of a commit: nobody has seen them when
that code was written.

    words = drawn("3f2a...", number=7)  # as the options of ./scripts/advise
"""

from __future__ import annotations

import hashlib
import random

CLOSED, OPEN = "closed", "open"
SHAPES = ((1, 1), (1, 1), (1, 1), (1, 2), (2, 1), (2, 2), (1, 4), (4, 1), (4, 4))
CVS = ("0", "0.5", "1", "1", "2", "4")
SLOTS = (16, 64, 256, 1024)  # of memory limits
IDLE = ("", "", "none", "some", "all")


def kind_of(number: int) -> str:
    """Half of the pipelines are closed loops."""
    return CLOSED if number % 2 == 0 else OPEN


def drawn(commit: str, number: int, attempt: int = 0) -> dict[str, str]:
    """The wishes of a pipeline. Another `attempt`: another draw, for where the first is
    impossible."""
    text = f"{commit}/{number}/{attempt}"
    random_ = random.Random(hashlib.sha256(text.encode()).hexdigest())
    producers, consumers = random_.choice(SHAPES)
    consumer_ns = 500 * 100 ** random_.random()  # 0.5 to 50 us
    words = {
        "producers": str(producers),
        "consumers": str(consumers),
        "consumer_mean": f"{consumer_ns:.0f}ns",
        "consumer_cv": random_.choice(CVS),
    }
    if kind_of(number) == OPEN:
        _draw_arrivals(random_, consumers / consumer_ns, words)
    else:
        load = 0.5 * 4 ** random_.random()  # 0.5 to 2
        words["producer_mean"] = f"{producers * consumer_ns / consumers / load:.0f}ns"
        _draw_spread(random_, words)
    if random_.random() < 0.3:
        slots = random_.choice(SLOTS)
        words["memory"] = f"{16 * slots}B"
    if idle_cpu := random_.choice(IDLE):
        words["idle_cpu"] = idle_cpu
    if random_.random() < 0.2:
        words["cores"] = random_.choice(("0.5", "1", "1.5"))
    if random_.random() < 0.2:
        words["order"] = "global"
    if random_.random() < 0.2:
        words["needs"] = random_.choice(("close", "timeouts"))
    if random_.random() < 0.2:
        words["element"] = "trivial"
    return words


def _draw_spread(random_: random.Random, words: dict[str, str]) -> None:
    """Bursts, or a cv of the producers."""
    if random_.random() < 0.35:
        words["burst"] = str(round(4 * 50 ** random_.random()))  # 4 to 200
    else:
        words["producer_cv"] = random_.choice(CVS)


def _draw_arrivals(random_: random.Random, taken_per_ns: float, words: dict[str, str]) -> None:
    drops = random_.random() < 0.25
    load = 0.5 + 0.9 * random_.random() if drops else 0.2 + 0.7 * random_.random()
    words["producer_mean"] = f"{1e9 * load * taken_per_ns:.0f}/s"
    words["when_full"] = "drop" if drops else "wait"
    _draw_spread(random_, words)
