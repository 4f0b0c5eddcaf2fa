"""Closed forms of queueing theory, which ./scripts/validate holds the harness against.

Times are mean times in ns (any unit does, if it is the same everywhere), rates their inverses; pure
functions. What the harness calls a sojourn ends when the consumer has the message in its hands:
that is what theory calls the *wait*, without the service. A load that no queue can bear in the long
run (rho >= 1, open loop) is a ValueError.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import optimize, special

# --------------------------------------------------------------------- a bounded queue, closed loop


@dataclass(frozen=True)
class Tandem:
    """Producers and consumers around a queue of `capacity` messages, all times exponential, every
    producer waiting while it is full ("blocking after service": a blocked producer holds the
    message that it has finished).

    The messages downstream of production, n = in the queue + in the consumers' hands + in those of
    blocked producers, are a birth-death chain (Kendall 1953) on 0 .. capacity + consumers +
    producers:

        n <= capacity + consumers       every producer works; births at producers / produce_ns
        n  = capacity + consumers + j   j are blocked; births at (producers - j) / produce_ns
        any n                           min(n, consumers) are busy; deaths at that / consume_ns

    For one producer and one consumer, with rho = consume_ns / produce_ns and K the capacity, its
    throughput is (1 - rho^(K+2)) / (1 - rho^(K+3)) / produce_ns, or (K+2) / (K+3) / produce_ns at
    rho = 1."""

    producers: int
    consumers: int
    capacity: int
    produce_ns: float
    consume_ns: float

    @property
    def births(self) -> np.ndarray:
        """Rate from n to n + 1, per ns, for each n; 0 for the last."""
        blocked = np.maximum(np.arange(self._states) - self.capacity - self.consumers, 0)
        return (self.producers - blocked) / self.produce_ns

    @property
    def deaths(self) -> np.ndarray:
        """Rate from n to n - 1, per ns, for each n; 0 for the first."""
        return np.minimum(np.arange(self._states), self.consumers) / self.consume_ns

    @property
    def _states(self) -> int:
        return self.capacity + self.consumers + self.producers + 1

    @property
    def stationary(self) -> np.ndarray:
        """Share of the time with n messages, for each n: balance of the flows between
        neighbours."""
        weights = np.concatenate([[0.0], np.cumsum(np.log(self.births[:-1] / self.deaths[1:]))])
        shares = np.exp(weights - weights.max())
        return shares / shares.sum()

    @property
    def throughput(self) -> float:
        """Messages per ns."""
        return float(self.stationary @ self.births)

    @property
    def dispersion(self) -> float:
        """Variance of the number of messages produced over its mean, in a long time (a Poisson
        process has 1).

        For arrivals that the transitions D1 of a Markov chain with generator D count (Neuts 1989):
        rate - 2 rate^2 + 2 pi D1 (1 pi - D)^-1 D1 1, over the rate."""
        size, shares, rate = self._states, self.stationary, self.throughput
        counted = np.diag(self.births[:-1], 1)
        generator = counted + np.diag(self.deaths[1:], -1) - np.diag(self.births + self.deaths)
        deviation = np.linalg.inv(np.outer(np.ones(size), shares) - generator)
        return float(
            1 - 2 * rate + 2 * (shares @ counted @ deviation @ counted @ np.ones(size)) / rate
        )

    def error(self, messages: float) -> float:
        """Standard error of a throughput measured over so many messages, as a share of it."""
        return math.sqrt(self.dispersion / messages)

    def wait_quantile(self, share: float) -> float:
        """The wait, ns, that this share of the messages does not exceed, from the call of push; one
        consumer only.

        A message that finds n others downstream waits for n exponential services, and finds them
        with a probability in proportion to the births from n."""
        if self.consumers != 1:
            raise ValueError("the wait behind several consumers is no sum of n services")
        shares = self.stationary * self.births
        shares /= shares.sum()

        def beyond(wait_ns: float) -> float:
            ahead = np.arange(1, self._states)
            return float(shares[1:] @ special.gammaincc(ahead, wait_ns / self.consume_ns)) - (
                1 - share
            )

        if beyond(0.0) <= 0:
            return 0.0
        return float(optimize.brentq(beyond, 0.0, 100.0 * self._states * self.consume_ns))


# ------------------------------------------------------------ arrivals at their own pace, open loop


def load(gap_ns: float, service_ns: float, consumers: int = 1) -> float:
    """rho, the utilisation: offered load over service capacity. Below 1, or a ValueError."""
    rho = service_ns / gap_ns / consumers
    if not 0 < rho < 1:
        raise ValueError(f"rho = {rho:.3g}: there is a steady state only between 0 and 1")
    return rho


def mm1_wait_quantile(gap_ns: float, service_ns: float, share: float) -> float:
    """M/M/1 (Erlang 1917; Kendall 1953): P(wait > t) = rho exp(-(1 - rho) t / service_ns). In
    ns."""
    rho = load(gap_ns, service_ns)
    return max(0.0, math.log(rho / (1 - share)) * service_ns / (1 - rho))


def mg1_wait_mean(gap_ns: float, service_ns: float, squared_variation: float) -> float:
    """M/G/1 (Pollaczek 1930, Khinchine 1932): rho (1 + c^2) / 2 / (1 - rho) services, where c is
    the coefficient of variation of the service times: 1 for M/M/1, 0 for M/D/1. In ns."""
    rho = load(gap_ns, service_ns)
    return rho * (1 + squared_variation) / 2 / (1 - rho) * service_ns


def mm1_wait_error(gap_ns: float, service_ns: float, messages: float) -> float:
    """Standard error, ns, of the mean wait of so many messages of an M/M/1 in a row, which are far
    from independent: their variance is rho (2 + 5 rho - 4 rho^2 + rho^3) / (1 - rho)^4 services^2
    over their number (Daley 1968)."""
    rho = load(gap_ns, service_ns)
    variance = rho * (2 + 5 * rho - 4 * rho**2 + rho**3) / (1 - rho) ** 4
    return math.sqrt(variance / messages) * service_ns


def erlang_c(gap_ns: float, service_ns: float, consumers: int) -> float:
    """Probability that a message of an M/M/c has to wait (Erlang 1917), by way of his B: the
    blocking of an M/M/c/c."""
    rho = load(gap_ns, service_ns, consumers)
    blocking = 1.0
    for servers in range(1, consumers + 1):
        offered = service_ns / gap_ns * blocking
        blocking = offered / (servers + offered)
    return blocking / (1 - rho * (1 - blocking))


def mmc_wait_mean(gap_ns: float, service_ns: float, consumers: int) -> float:
    """M/M/c: C / (c - a) services, C being Erlang's and a the load in consumers' worth. In ns."""
    return erlang_c(gap_ns, service_ns, consumers) * service_ns / (consumers - service_ns / gap_ns)
