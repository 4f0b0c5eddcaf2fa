"""For the tests of the advisor: pipelines from words, the real queue_bench, replays by formula."""

from pathlib import Path

import pytest
from bqb.advice.pipeline import pipeline_of
from bqb.advice.replay import Ideal, Outcome
from bqb.advice.scenario import write_scenario
from bqb.advice.wishes import from_words

ROOT = Path(__file__).resolve().parents[2]
QUEUE_BENCH = ROOT / "build" / "release" / "queue_bench"
needs_build = pytest.mark.skipif(not QUEUE_BENCH.exists(), reason="no release build")


def pipeline(cores_here=2, **words):
    """pipeline(consumer_mean="5us")"""
    return pipeline_of(from_words(words), cores_here)


def real_ideal(folder, described):
    """The replay of a pipeline by the real queue_bench."""
    folder.mkdir(exist_ok=True)
    return Ideal(QUEUE_BENCH, write_scenario(folder, described, [1]), seed=1)


class Formula:
    """A replay whose outcomes follow from formulas: `time(K)`, `blocked(K)`, `dropped(K)`,
    `wait_p99(K)`, of a capacity or of None."""

    def __init__(self, rho=None, time=None, blocked=None, dropped=None, wait_p99=None):
        self.rho = rho
        self._time, self._blocked = time or (lambda k: 1000.0), blocked or (lambda k: 0.0)
        self._dropped, self._wait_p99 = dropped or (lambda k: 0.0), wait_p99 or (lambda k: None)
        self.replays = 0

    def _outcome(self, k):
        shares = self._blocked(k), self._dropped(k)
        return Outcome(k, self._time(k), *shares, 0.0, self._wait_p99(k))

    @property
    def unbounded(self):
        return self._outcome(None)

    def at(self, capacities):
        self.replays += 1
        return [self._outcome(k) for k in capacities]
