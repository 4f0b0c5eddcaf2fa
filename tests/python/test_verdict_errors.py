"""How often verdicts err (bqb.validation.verdict_errors), on noise whose law is known."""

from dataclasses import replace

import numpy as np
import pytest
import small_runs
from bqb.stats import verdicts
from bqb.stats.counters import CPU_BEYOND_WORK, EXCESS, LOST
from bqb.stats.margin import Margin
from bqb.stats.verdicts import FALSE_SHARE, Key
from bqb.validation import simulated_runs, verdict_errors
from bqb.validation.simulated_runs import IS_EQUIVALENT, IS_WORSE, Noise

QUEUES = tuple("abcde")
NO_MARGIN = Margin(0.0, 0.0)


def noise(number=0, medians=(100.0,) * 5, scale=0.05, margin=Margin(0.1, 1.0), **members):
    """Of 40 blocks, with what is common to the queues of a block and what is not."""
    random = np.random.default_rng(number)
    residuals = random.lognormal(0, scale, (40, 5)) * random.lognormal(0, 0.2, (40, 1))
    residuals /= np.median(residuals, axis=0)
    return Noise(
        **{
            "key": Key(f"point {number}", LOST),
            "is_headline": True,
            "is_open_loop": False,
            "queues": QUEUES,
            "margin": margin,
            "values": residuals * np.array(medians),
            "residuals": residuals,
            "is_ratio": True,
            **members,
        }
    )


def rng():
    return np.random.default_rng(5)


def only(figures, text):
    (figure,) = [figure for what, figure in figures.items() if text in what]
    return figure


# ------------------------------------------------------------------------------------ the procedure


@pytest.mark.parametrize("margin", [Margin(0.1, 1.0), NO_MARGIN, Margin(0.0, 8.0)])
def test_p_of_many_samples_are_those_of_each(margin):
    """Of multiples of 8: many differences are 0, or just the margin."""
    values = 8 * np.round(rng().normal(12, 1, (6, 5, 12)) + np.arange(5)[:, None])
    worse, equivalent = simulated_runs.p_of(values, margin)
    for run in range(6):
        one = verdicts.test(verdicts.Sample(QUEUES, values[run], margin))
        assert worse[run] == pytest.approx(one.worse)
        assert equivalent[run] == pytest.approx(one.equivalent)


@pytest.mark.parametrize("looks", [(12,), (6, 12, 24)])
def test_verdicts_of_many_runs_are_those_of_each(looks):
    """states_of checks its first run itself: here each one is."""
    noises = [noise(number, (100, 104, 120, 150, 400)) for number in range(4)]
    noises += [replace(noises[0], key=Key("point 0", CPU_BEYOND_WORK), is_headline=False)]
    medians = [each.medians for each in noises]
    seen = set()
    for seed in range(8):
        drawn = simulated_runs.simulate(noises, medians, looks, 3, np.random.default_rng(seed))
        seen |= set(simulated_runs.states_of(noises, drawn, looks).ravel().tolist())
    assert seen == {0, IS_WORSE, IS_EQUIVALENT}


def test_another_procedure_than_that_of_verdicts_is_seen(monkeypatch):
    noises = [noise(medians=(100, 104, 120, 150, 400))]
    drawn = simulated_runs.simulate(noises, [noises[0].medians], (12,), 2, rng())
    simulated_runs.states_of(noises, drawn, (12,))
    monkeypatch.setattr(verdicts, "_simes", lambda p: float(np.max(p)))
    with pytest.raises(RuntimeError, match="not that of stats/verdicts.py"):
        simulated_runs.states_of(noises, drawn, (12,))


def test_points_that_are_decided_are_not_measured_on():
    """Point 0 is decided at the first look, of 12 blocks: what would follow is not used."""
    noises = [noise(0, (100, 400, 400, 400, 400)), noise(1, (100, 110, 110, 110, 110))]
    medians = [each.medians for each in noises]
    drawn = simulated_runs.simulate(noises, medians, (12, 24), 20, rng())
    before = simulated_runs.states_of(noises, drawn, (12, 24))
    assert (before[:, :5] == [IS_EQUIVALENT, *[IS_WORSE] * 4]).all()
    drawn.worse[1, :, :5], drawn.equivalent[1, :, :5] = 1.0, 1.0
    assert (simulated_runs.states_of(noises, drawn, (12, 24)) == before).all()


# ---------------------------------------------------------------------------------------- the noise


def test_residuals_are_shares_of_the_median_of_the_queue_in_its_run(tmp_path):
    values = {"a": [80.0, 100.0, 120.0], "b": [400.0, 200.0, 100.0]}
    slower = {"c": [1.0, 2.0, 3.0], "b": [300.0, 330.0, 270.0], "a": [None, 150.0, 300.0]}
    runs = [
        small_runs.make(tmp_path / name, {"s": {q: {LOST: v} for q, v in each.items()}})
        for name, each in (("x", values), ("y", slower))
    ]
    (found,) = simulated_runs.noises_of(runs)
    assert found.queues == ("a", "b") and found.is_ratio and found.is_headline
    # The first block of y lacks a.
    assert found.values.tolist() == [[80, 400], [100, 200], [120, 100], [150, 330], [300, 270]]
    expected = [[0.8, 2.0], [1.0, 1.0], [1.2, 0.5], [150 / 225, 1.1], [300 / 225, 0.9]]
    assert found.residuals == pytest.approx(np.array(expected))
    (alone,) = simulated_runs.noises_of(runs[:1])
    assert alone.residuals == pytest.approx(np.array(expected[:3]))


def test_residuals_are_differences_where_a_median_is_not_above_0(tmp_path):
    values = {"a": [-1.0, 0.0, 3.0], "b": [40.0, 20.0, 10.0]}
    run = small_runs.make(tmp_path, {"s": {q: {LOST: v} for q, v in values.items()}})
    (found,) = simulated_runs.noises_of([run])
    assert not found.is_ratio
    assert found.residuals.tolist() == [[-1, 20], [0, 0], [3, -10]]
    assert found.with_medians(np.array([5.0, 7.0]), found.residuals.T).tolist() == [
        [4, 5, 8],
        [27, 7, -3],
    ]


def test_a_drawn_block_is_a_real_one_dealt_at_random():
    """Of blocks in which the first queue has the lowest residual, the last one the highest."""
    real = replace(noise(), residuals=np.sort(noise(scale=0.3).residuals, axis=1))
    drawn = real.draw(50, 12, rng())
    assert drawn.shape == (50, 5, 12)
    blocks = {tuple(sorted(block)) for block in real.residuals}
    of_draw = drawn.transpose(0, 2, 1).reshape(-1, 5)
    assert {tuple(sorted(block)) for block in of_draw} <= blocks
    smallest = np.bincount(of_draw.argmin(axis=1), minlength=5)
    assert smallest.min() > 80, "each queue has the smallest of a block as often: 120 of 600 times"


# ------------------------------------------------------------------------------------ what is found


def test_identical_queues_are_seldom_called_worse():
    noises = [noise(number, scale=0.3) for number in range(6)]
    for looks in ((12,), (12, 24)):
        any_worse = only(verdict_errors.identical(noises, 200, rng(), looks), "any worse")
        assert any_worse.most == FALSE_SHARE and any_worse.holds


@pytest.mark.parametrize("looks", [(12,), (12, 24)])
def test_a_procedure_that_calls_identical_queues_worse_is_seen(monkeypatch, looks):
    """No margin, and each p by itself."""
    monkeypatch.setattr(verdicts, "threshold", lambda p, false_share: FALSE_SHARE)
    noises = [noise(number, scale=0.3, margin=NO_MARGIN) for number in range(6)]
    any_worse = only(verdict_errors.identical(noises, 200, rng(), looks), "any worse")
    assert any_worse.low > 2 * FALSE_SHARE and not any_worse.holds


def test_the_truth_is_the_median_of_the_difference_less_the_margin():
    real = noise(medians=(100, 105, 109, 113, 300), scale=0.01)
    assert verdict_errors.truly_worse(real, rng()).tolist() == [False, False, False, True, True]
    far = replace(real, margin=Margin(0.1, 15.0))
    assert verdict_errors.truly_worse(far, rng()).tolist() == [False, False, False, False, True]


def test_few_verdicts_on_a_real_line_up_are_false_and_far_queues_are_found():
    noises = [noise(number, (100, 104, 113, 130, 300), scale=0.1) for number in range(6)]
    figures = verdict_errors.real_line_up(noises, 200, rng())
    assert all(figure.holds for figure in figures.values())
    assert only(figures, "worse, of those far off").share > 0.99
    assert 0.1 < only(figures, "worse, of the others that are").share < 0.5
    assert only(figures, "equivalent, of those that are").share > 0.1


@pytest.mark.parametrize("kind", ["worse", "equivalent", "all verdicts"])
def test_false_verdicts_on_a_real_line_up_are_seen(monkeypatch, kind):
    monkeypatch.setattr(verdicts, "threshold", lambda p, false_share: 0.7)
    noises = [noise(number, (100, 108, 108, 112, 112), scale=0.3) for number in range(4)]
    figures = verdict_errors.real_line_up(noises, 100, rng())
    assert not only(figures, f"of {kind}, pooled").holds
    assert not only(figures, f"of {kind}, per run").holds


@pytest.mark.parametrize("blocks, share", [(6, 0.96875), (8, 0.9921875), (12, 0.9614)])
def test_intervals_hold_the_median_as_often_as_the_sign_test_says(blocks, share):
    for real in (noise(scale=0.5), odd_number_of_blocks()):
        found = verdict_errors.coverage([real], blocks, 4000, rng())
        assert found.low <= share <= found.high and found.holds


def odd_number_of_blocks():
    real = noise(scale=0.5)
    return replace(real, values=real.values[1:], residuals=real.residuals[1:])


def test_intervals_that_are_too_narrow_are_seen(monkeypatch):
    monkeypatch.setattr(verdict_errors, "median_interval", lambda values: (3, len(values) - 4))
    assert not verdict_errors.coverage([noise()], 12, 1000, rng()).holds


def open_loop(scale, medians=(100.0, 100.0, 100.0, 100.0, 900.0), counter=EXCESS):
    return noise(medians=medians, scale=scale, key=Key("arrivals", counter), is_open_loop=True)


def test_a_slower_copy_is_found_where_noise_is_small():
    """What the queues of a block share hides it only where it has the noise of other blocks."""
    for scale, same, least, most in (
        (0.02, True, 1.0, 1.0),
        (0.02, False, 0.02, 0.3),
        (1.0, True, 0.0, 0.1),
    ):
        noises = [open_loop(scale), noise(1)]
        figures = verdict_errors.slower_copy(noises, 1.3, 200, rng(), same)
        assert least <= only(figures, "of the best").share <= most
        assert least <= only(figures, "of any of 5").share


def test_the_copy_is_slower_by_the_factor_and_among_as_many_queues():
    real = open_loop(0.02, (100.0, 200.0, 300.0, 400.0, 900.0))
    for same, medians in (
        (True, [200, 100, 300, 400, 260]),  # without the queue at 900
        (False, [100, 200, 300, 400, 900, 260]),
    ):
        values = verdict_errors._with_copy(real, 1, 1.3, 400, rng(), same)
        assert np.median(values, axis=(0, 2)) == pytest.approx(np.array(medians), rel=0.04)


def test_a_copy_within_the_margin_and_a_point_without_an_excess_are_left_out():
    big = replace(open_loop(0.02), margin=Margin(0.1, 31.0))
    (name,) = verdict_errors.slower_copy([big], 1.3, 10, rng())
    assert name.endswith("arrivals: worse, of any of 1")
    assert (
        verdict_errors.slower_copy([open_loop(0.02, counter=LOST), noise()], 1.3, 10, rng()) == {}
    )


def test_proportions_have_clopper_and_pearsons_interval():
    none = verdict_errors.proportion(0, 40, most=0.05)
    assert none.low == 0 and none.high == pytest.approx(1 - 0.025 ** (1 / 40)) and none.holds
    all_of = verdict_errors.proportion(20, 20, least=0.95)
    assert all_of.low == pytest.approx(0.025 ** (1 / 20)) and all_of.high == 1 and all_of.holds
    assert not verdict_errors.proportion(20, 40, most=0.05).holds
    assert not verdict_errors.proportion(20, 40, least=0.95).holds


def test_the_table_names_each_figure_and_its_limit(tmp_path, capsys):
    random = np.random.default_rng(1)
    arrivals = {"process": "exponential", "mean_ns": 2000, "wait": "spin"}
    values = {
        "s": {q: {LOST: random.normal(1000, 50, 12).tolist()} for q in "ab"},
        "t": {q: {EXCESS: random.normal(5000, 90, 12).tolist()} for q in "ab"},
    }
    small_runs.make(tmp_path, values, points={"t": small_runs.point("t", arrivals=arrivals)})
    verdict_errors.main([str(tmp_path), "--count", "20"])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "2 judged counters, 4 queues of them, 12 to 12 real blocks each"
    assert sum("at most 5%" in line for line in lines) == 8
    assert sum("at least 95%" in line for line in lines) == 3
    assert sum("times slower copy" in line and ", t: worse" in line for line in lines) == 4
    assert lines[-1].startswith("20 runs of each kind")
