"""theory.py against known values, and against a simulation of threads and messages that knows none
of its formulas."""

import heapq
import itertools
import math
from collections import deque

import numpy as np
import pytest
from bqb.validation import theory
from bqb.validation.theory import Tandem

# ----------------------------------------------------------------------------------- the simulation


class Simulation:
    """Producers, a bounded queue and consumers as events in time; waits from the call of push until
    a consumer begins.

    `arrivals`: times at which messages come by themselves (open loop); then there are no
    producers."""

    def __init__(self, capacity, consumers, service, producers=0, work=None, arrivals=()):
        self.capacity, self.service, self.work = capacity, service, work
        self.queue, self.blocked, self.idle, self.events = deque(), deque(), consumers, []
        self.waits, self.pushed_at, self.tickets = [], [], itertools.count()
        for at in arrivals:
            self.schedule(at, self.push, None)
        for producer in range(producers):
            self.schedule(work(), self.push, producer)

    def schedule(self, at, what, who):
        heapq.heappush(self.events, (at, next(self.tickets), what, who))

    def run(self, messages=math.inf):
        while self.events and len(self.waits) < messages:
            at, _, what, who = heapq.heappop(self.events)
            what(at, who)
        return self

    def push(self, at, producer):
        if self.idle:
            self.idle -= 1
            self.begin(at, at)
        elif len(self.queue) < self.capacity:
            self.queue.append(at)
        else:
            self.blocked.append((at, producer))
            return
        self.done(at, producer)

    def done(self, at, producer):
        self.pushed_at.append(at)
        if producer is not None:
            self.schedule(at + self.work(), self.push, producer)

    def begin(self, at, called):
        self.waits.append(at - called)
        self.schedule(at + self.service(), self.pop, None)

    def pop(self, at, _):
        if not self.queue:
            self.idle += 1
            return
        self.begin(at, self.queue.popleft())
        if self.blocked:
            called, producer = self.blocked.popleft()
            self.queue.append(called)
            self.done(at, producer)


def exponential(mean, seed):
    draws = np.random.default_rng(seed)
    block = iter(())

    def draw():
        nonlocal block
        value = next(block, None)
        if value is None:
            block = iter(draws.exponential(mean, 10_000).tolist())
            value = next(block)
        return value

    return draw


def closed_loop(shape, messages, seed):
    return Simulation(
        shape.capacity,
        shape.consumers,
        exponential(shape.consume_ns, seed),
        shape.producers,
        exponential(shape.produce_ns, seed + 1),
    ).run(messages)


def open_loop(gap, consumers, service, messages, seed):
    arrivals = np.cumsum(np.random.default_rng(seed).exponential(gap, messages)).tolist()
    return np.array(Simulation(math.inf, consumers, service, arrivals=arrivals).run().waits)


SHAPES = [
    Tandem(1, 1, 1, 10, 8),
    Tandem(1, 2, 1, 10, 25),
    Tandem(2, 1, 2, 10, 5),
    Tandem(2, 2, 1, 10, 10),
    Tandem(2, 2, 8, 8, 10),
    Tandem(3, 2, 2, 10, 7),
]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_tandem_throughput_is_that_of_the_simulation(shape):
    pushed = closed_loop(shape, 60_000, 7).pushed_at
    assert len(pushed) / pushed[-1] == pytest.approx(shape.throughput, rel=4 * shape.error(60_000))


@pytest.mark.parametrize("shape", SHAPES[:4], ids=str)
def test_tandem_error_is_the_spread_of_simulations(shape):
    rates = [
        len(pushed) / pushed[-1]
        for seed in range(150)
        if (pushed := closed_loop(shape, 1000, 1000 + 2 * seed).pushed_at)
    ]
    assert np.std(rates) / shape.throughput == pytest.approx(shape.error(1000), rel=0.2)


@pytest.mark.parametrize(
    "shape", [Tandem(1, 1, 4, 10, 8), Tandem(1, 1, 1, 10, 12), Tandem(2, 1, 2, 30, 10)], ids=str
)
@pytest.mark.parametrize("share", [0.5, 0.9, 0.99])
def test_tandem_wait_quantile_is_that_of_the_simulation(shape, share):
    waits = closed_loop(shape, 100_000, 3).waits
    assert np.quantile(waits, share) == pytest.approx(shape.wait_quantile(share), rel=0.05, abs=0.3)


@pytest.mark.parametrize("rho", [0.3, 0.7])
def test_mm1_is_the_simulation(rho):
    waits = open_loop(1 / rho, 1, exponential(1.0, 5), 300_000, 6)
    assert waits.mean() == pytest.approx(theory.mg1_wait_mean(1 / rho, 1, 1), rel=0.05)
    for share in (0.5, 0.99):
        assert np.quantile(waits, share) == pytest.approx(
            theory.mm1_wait_quantile(1 / rho, 1, share), rel=0.06
        )


def test_mm1_error_is_the_spread_of_simulations():
    """Many at a time, by Lindley's recursion: 4 % is 3.6 standard errors."""
    draws = np.random.default_rng(11)
    waits, sums = np.zeros(4000), np.zeros(4000)
    for _ in range(2000):
        sums += waits
        waits = np.maximum(waits + draws.exponential(1.0, 4000) - draws.exponential(2.0, 4000), 0)
    assert np.std(sums / 2000) == pytest.approx(theory.mm1_wait_error(2.0, 1, 2000), rel=0.04)


def test_md1_and_mmc_are_the_simulation():
    assert open_loop(1 / 0.7, 1, lambda: 1.0, 200_000, 8).mean() == pytest.approx(
        theory.mg1_wait_mean(1 / 0.7, 1, 0), rel=0.05
    )
    waits = open_loop(1 / 1.4, 2, exponential(1.0, 9), 200_000, 10)
    assert waits.mean() == pytest.approx(theory.mmc_wait_mean(1 / 1.4, 1, 2), rel=0.05)
    assert (waits > 0).mean() == pytest.approx(theory.erlang_c(1 / 1.4, 1, 2), rel=0.02)


# ------------------------------------------------------------------------------------- known values


@pytest.mark.parametrize("capacity", [1, 2, 8, 500])
@pytest.mark.parametrize("rho", [0.5, 0.8, 1.0, 1.25])
def test_one_to_one_is_the_textbook_formula(capacity, rho):
    expected = (
        (capacity + 2) / (capacity + 3)
        if rho == 1
        else (1 - rho ** (capacity + 2)) / (1 - rho ** (capacity + 3))
    )
    assert Tandem(1, 1, capacity, 1.0, rho).throughput == pytest.approx(expected)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_a_tandem_run_backwards_passes_as_much(shape):
    """Holes travel from consumers to producers as messages do the other way."""
    back = Tandem(
        shape.consumers, shape.producers, shape.capacity, shape.consume_ns, shape.produce_ns
    )
    assert back.throughput == pytest.approx(shape.throughput)


def test_limits_of_a_tandem():
    # Never full: the producers' pace.
    assert Tandem(2, 1, 400, 10, 2).throughput == pytest.approx(2 / 10)
    # Never empty: the consumers'.
    assert Tandem(1, 2, 400, 1, 10).throughput == pytest.approx(2 / 10)
    # Nobody blocks: a Poisson process.
    assert Tandem(1, 1, 400, 10, 1).dispersion == pytest.approx(1)
    never_full = Tandem(1, 1, 2000, 10, 8)
    assert never_full.wait_quantile(0.99) == pytest.approx(
        theory.mm1_wait_quantile(10, 8, 0.99), rel=1e-6
    )


def test_known_values_of_open_loops():
    assert theory.erlang_c(1, 8, 10) == pytest.approx(0.40918, rel=1e-4)  # the tables' C(10, 8)
    assert theory.erlang_c(2, 1, 1) == pytest.approx(0.5)  # one consumer: busy with probability rho
    assert (
        theory.mmc_wait_mean(2, 1, 1)
        == pytest.approx(theory.mg1_wait_mean(2, 1, 1))
        == pytest.approx(1.0)
    )
    assert theory.mg1_wait_mean(2, 1, 0) == pytest.approx(0.5)  # Pollaczek-Khinchine: half of M/M/1
    # Most messages of a third of a load do not wait.
    assert theory.mm1_wait_quantile(1 / 0.3, 1, 0.5) == 0
    assert theory.mm1_wait_quantile(1.25, 1, 0.99) == pytest.approx(math.log(80) * 5)


def test_there_is_no_steady_state_under_too_much_load():
    for wait in (
        lambda: theory.mm1_wait_quantile(1, 1, 0.5),
        lambda: theory.mg1_wait_mean(1, 2, 0),
        lambda: theory.mmc_wait_mean(1, 2, 2),
        lambda: theory.mm1_wait_error(1, 1, 10),
    ):
        with pytest.raises(ValueError, match="steady state"):
            wait()
    with pytest.raises(ValueError, match="several consumers"):
        Tandem(1, 2, 1, 1, 1).wait_quantile(0.5)
