"""Why trials differ (bqb.validation.variance_shares), on values whose variances are known."""

import numpy as np
import pytest
from bqb.validation.variance_shares import EFFECTS, Trials, forms_of, shares_of, variances_of


def simulated(rng, deviations, queues=10, rounds=24, layouts=6, missing=0.0):
    """Trials of one point whose effects have these standard deviations."""
    of_layout, of_exchange, of_round, of_rest = deviations
    per_layout = rng.normal(0, of_layout, (queues, layouts))
    per_order = rng.normal(0, of_exchange, (queues, 2))
    per_round = rng.normal(0, of_round, rounds)
    rows = []
    for queue in range(queues):
        for number in range(rounds):
            if rng.random() < missing:
                continue
            layout, exchanged = number // 2 % layouts, number % 2
            value = queue + per_layout[queue, layout] + per_order[queue, exchanged]
            value += per_round[number] + rng.normal(0, of_rest)
            rows.append((value, queue, number, layout, exchanged))
    values, *factors = (np.array(column) for column in zip(*rows))
    return Trials(values, *factors)


@pytest.mark.parametrize("missing", [0.0, 0.2], ids=["balanced", "with gaps"])
@pytest.mark.parametrize(
    "deviations", [(0.1, 0.0, 0.1, 0.1), (0.0, 0.2, 0.1, 0.05), (0.05, 0.05, 0.0, 0.1)]
)
def test_the_variance_of_each_effect_is_found(deviations, missing):
    rng = np.random.default_rng(1)
    points = [simulated(rng, deviations, missing=missing) for _ in range(100)]
    found = variances_of([forms_of(point) for point in points])
    assert np.sqrt(found) == pytest.approx(deviations, abs=0.02)


def test_shares_have_intervals_that_hold_the_truth():
    rng = np.random.default_rng(2)
    deviations = np.array([0.1, 0.05, 0.1, 0.2])
    truth = deviations**2 / np.sum(deviations**2)
    forms = [forms_of(simulated(rng, deviations)) for _ in range(60)]
    shares = shares_of(forms, 300, 1)
    assert tuple(shares) == EFFECTS
    for share, true in zip(shares.values(), truth):
        assert share.low <= true <= share.high
    assert sum(share.share for share in shares.values()) == pytest.approx(1)
    assert shares["layout"].deviation == pytest.approx(0.105, abs=0.03)
