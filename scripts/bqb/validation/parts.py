"""What ./scripts/validate measures, and how far each figure may be off."""

from __future__ import annotations

from dataclasses import dataclass

# Above this rho, waits may be off by so much more: their error goes with 1 / (1 - rho).
HEAVY_LOAD, HEAVY = 0.8, 2.5


@dataclass(frozen=True)
class Tolerance:
    """How far a figure may be off, as shares of its theoretical value; None: shown, not judged."""

    realised: float | None
    replay: float | None
    drawn: float | None = None
    # And this much more of a wait: what one of next to nothing cannot be without.
    floor_ns: float = 0.0


@dataclass(frozen=True)
class Part:
    """A scenario of scenarios/validate. `copies`: None measures its points one after the other; a
    number: with all others that have one, at once, in so many runs each, with seeds of their own:
    their threads sleep."""

    scenario: str
    title: str
    rounds: int
    tolerances: dict[str, Tolerance]  # by figure
    copies: int | None = None
    deep_only: bool = False


SHOWN = Tolerance(None, None)
SPIN = {"throughput": Tolerance(realised=0.02, replay=0.02)}
# The loss is measured against the replayed ideal: of short work the replay is what theory can
# judge. The measured throughput contains the queue and the timestamps.
SHORT = {"ideal": Tolerance(realised=0.02, replay=None), "throughput": SHOWN}
SLEEP = {"throughput": Tolerance(realised=0.03, replay=0.03, drawn=0.08)}
P99 = {"p99": Tolerance(0.10, 0.10)}
# A median wait of 0 is one of a hand-off in fact, and near 0 it moves by two services for each unit
# of rho.
WAITS = {"mean": Tolerance(0.10, 0.10), "p50": Tolerance(0.10, 0.10, floor_ns=750), **P99}
# A late timer and a wake-up. The median wait of a light load is not judged for them: it is hardly
# more.
SLEPT = {"mean": Tolerance(0.10, 0.10, floor_ns=300_000)}
PARTS = (
    Part("tandem_spin", "bounded queue, spinning work", 12, SPIN),
    Part("tandem_spin_deep", "bounded queue, spinning work", 12, SPIN, deep_only=True),
    Part("tandem_work_kinds", "bounded queue, wide and memory work", 12, SPIN),
    Part("tandem_short", "bounded queue, spinning work of 1 µs", 12, SHORT),
    Part("mm1", "M/M/1", 100, WAITS),
    Part("mm1_deep", "M/M/1", 100, WAITS, deep_only=True),
    Part("mm1_sleep", "M/M/1, sleeping work", 1, {**SLEPT, "p50": SHOWN, **P99}, copies=16),
    Part("coordinated_omission", "capacity 4, sleeping work", 1, P99, copies=9),
    Part("md1", "M/D/1, sleeping work", 1, SLEPT, copies=9),
    Part("tandem_sleep", "bounded queue, sleeping work", 10, SLEEP, copies=1),
    Part("mm2", "M/M/2, sleeping work", 10, SLEPT, copies=4),
)
DEEP_ROUNDS = 3  # times as many


def parts(deep: bool) -> list[Part]:
    return [part for part in PARTS if deep or not part.deep_only]
