"""The statistics on synthetic data whose truth is known: how often the rule errs, and whether its
intervals hold."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bqb.gate import decide
from bqb.gate.decide import Rule, Verdicts
from bqb.stats.sign_test import median_interval

CELLS = 12


@dataclass(frozen=True)
class Finding:
    what: str
    hits: int
    n: int
    least: float | None  # what the rate must be, as far as its 95% interval can tell
    most: float | None

    @property
    def interval(self) -> tuple[float, float]:
        return decide.proportion_interval(self.hits, self.n)

    @property
    def holds(self) -> bool:
        low, high = self.interval
        return (self.most is None or low <= self.most) and (
            self.least is None or high >= self.least
        )


def noises() -> dict[str, Callable[[np.random.Generator, tuple[int, int], float], np.ndarray]]:
    """Shapes of a log ratio's noise about 0, by a scale."""

    def spikes(random, shape, scale):  # now and then one arm is interrupted
        noise = random.normal(0, scale, shape)
        return noise + random.choice(
            [0.0, 1.0, -1.0], shape, p=[0.9, 0.05, 0.05]
        ) * random.exponential(0.7, shape)

    def modes(random, shape, scale):  # two threads that fall into one step or another
        return random.normal(0, scale / 3, shape) + random.choice([-scale, 0.0, scale], shape)

    return {
        "normal": lambda random, shape, scale: random.normal(0, scale, shape),
        "spikes": spikes,
        "heavy tails": lambda random, shape, scale: scale * random.standard_t(2, shape),
        "modes": modes,
    }


def gate(rule: Rule, ratios: dict[str, np.ndarray]) -> Verdicts:
    """A whole gate over pairs made before: looks as far as they are needed."""
    verdicts = Verdicts(rule, list(ratios))
    for look in rule.looks:
        verdicts.look({cell: values[:look] for cell, values in ratios.items()})
        if not verdicts.open or verdicts.regressions:
            break
    return verdicts


def findings(rule: Rule, gates: int, seed: int) -> list[Finding]:
    random = np.random.default_rng(seed)
    results = []
    shape = (CELLS, rule.looks[-1])
    for name, noise in noises().items():
        passed = sum(
            gate(rule, {"cell": noise(random, shape, 0.05)[0] + rule.tau}).of.get("cell")
            == decide.PASSED
            for _ in range(gates)
        )
        results.append(
            Finding(
                f"pass, {name}, a cell slower by just the threshold", passed, gates, None, rule.miss
            )
        )
        for truth, truth_name in (
            (0.0, "nothing changed"),
            (rule.tau, "each slower by just the threshold"),
        ):
            red = sum(
                bool(gate(rule, cells_of(noise(random, shape, 0.05) + truth)).regressions)
                for _ in range(gates)
            )
            results.append(
                Finding(f"false alarm, {name}, {truth_name}", red, gates, None, rule.alpha)
            )
        held = 0
        for values in noise(random, (gates, 20), 0.05):
            low, high = median_interval(values)
            held += low <= 0 <= high
        results.append(
            Finding(f"95% interval of 20 pairs holds the median, {name}", held, gates, 0.95, None)
        )
    for pct in (10, 15, 25):
        first = hits = other_hits = 0
        for _ in range(gates):
            ratios = noises()["normal"](random, shape, 0.03)
            ratios[0] += math.log1p(pct / 100)
            verdicts = gate(rule, cells_of(ratios))
            hits += verdicts.regressions == ["cell 0"]
            first += verdicts.looks_made == 1 and "cell 0" in verdicts.regressions
            other_hits += any(cell != "cell 0" for cell in verdicts.regressions)
        results.append(
            Finding(
                f"+{pct}% in one cell of {CELLS}, 3% noise: red, that cell and no other",
                hits,
                gates,
                {10: 0.8, 15: 0.99, 25: 0.99}[pct],
                None,
            )
        )
        results.append(
            Finding(f"+{pct}%: at the first look", first, gates, 0.99 if pct == 25 else None, None)
        )
        results.append(
            Finding(f"+{pct}%: another cell called red", other_hits, gates, None, rule.alpha)
        )
    return results


def cells_of(ratios: np.ndarray) -> dict[str, np.ndarray]:
    return {f"cell {number}": values for number, values in enumerate(ratios)}
