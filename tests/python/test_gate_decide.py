"""When the gate calls a cell a regression: by hand for small cases, by Monte-Carlo for rates."""

import math

import numpy as np
import pytest
from bqb.gate import decide, rivals, selftest
from bqb.gate.arms import LAYOUTS
from bqb.gate.decide import Rule, Verdicts
from bqb.gate.pairs import OTHER_LAYOUTS, SAME_LAYOUTS, chosen_layouts, log_ratio
from bqb.gate.report import MOST_ANNOTATIONS, annotations, command
from bqb.gate.run import Result
from bqb.stats.sign_test import median_interval

RULE = Rule(0.05, 0.01, 0.05, (20, 36, 60))


def looked(rule=RULE, **cells):
    verdicts = Verdicts(rule, list(cells))
    verdicts.look(cells)
    return verdicts


def test_the_sign_test_is_exact():
    assert decide.tail(20, 20) == pytest.approx(2**-20)
    assert decide.tail(20, 18) == pytest.approx((190 + 20 + 1) / 2**20)
    assert decide.tail(0, 0) == 1.0
    ratios = [0.1] * 18 + [0.0] * 2
    assert decide.p_slower(ratios, RULE.tau) == pytest.approx(211 / 2**20)
    assert decide.p_fast_enough(ratios, RULE.tau) == pytest.approx(
        1 - 20 / 2**20 - 1 / 2**20, abs=1e-9
    )


def test_holm_counts_all_judged_cells():
    """18 of 20 is p = 2.0e-4: enough among 12 cells (2.8e-4), not among 18 (1.9e-4)."""
    slow, fine = [0.1] * 18 + [0.0] * 2, [0.0] * 20
    for others, found in ((11, True), (17, False)):
        cells = {"slow": slow} | {f"fine {number}": fine for number in range(others)}
        verdicts = Verdicts(RULE, list(cells))
        verdicts.look(cells)
        assert (verdicts.regressions == ["slow"]) == found
    # With one found, the next has one cell fewer to share alpha with: Holm's step.
    very_slow = [0.2] * 20
    cells = {"very slow": very_slow, "slow": slow} | {
        f"fine {number}": fine for number in range(16)
    }
    verdicts = Verdicts(RULE, list(cells))
    verdicts.look(cells)
    assert sorted(verdicts.regressions) == ["very slow"]  # 17 left: 1.96e-4 is still too little


def test_cells_that_passed_before_still_count_among_holms_steps():
    fine, slow = [0.0] * 20, [0.1] * 18 + [0.0] * 2
    cells = {f"fine {number}": fine for number in range(17)} | {"slow": [0.1] * 12 + [0.0] * 8}
    verdicts = Verdicts(RULE, list(cells))
    verdicts.look(cells)
    assert verdicts.open == ["slow"]
    verdicts.look({"slow": slow})
    assert not verdicts.regressions, "its p is above alpha / 18, and below alpha / 1"


def test_a_decided_cell_stays_as_it_is():
    verdicts = looked(a=[0.0] * 20, b=[0.2] * 20)
    assert verdicts.of == {"a": "pass", "b": "regression"}
    verdicts.look({})
    assert verdicts.of == {"a": "pass", "b": "regression"} and verdicts.looks_made == 2


def test_no_look_beyond_the_planned_ones():
    verdicts = looked(a=[0.05] * 10 + [0.0] * 10)
    verdicts.look({"a": [0.05] * 10 + [0.0] * 10})
    verdicts.look({"a": [0.05] * 10 + [0.0] * 10})
    with pytest.raises(ValueError):
        verdicts.look({"a": []})


def test_however_much_faster_it_passes():
    assert looked(a=[-5.0] * 20).of == {"a": "pass"}


def test_the_interval_is_that_of_the_sign_test():
    assert median_interval(list(range(20))) == (5, 14)  # the 6th and the 15th of 20: 95.9 %
    assert median_interval([3.0]) == (3.0, 3.0)
    assert median_interval([1.0, 2.0, 3.0]) == (1.0, 3.0)


def test_binomial_intervals_are_clopper_and_pearsons():
    low, high = decide.proportion_interval(0, 40)
    assert low == 0 and high == pytest.approx(1 - 0.025 ** (1 / 40))
    assert decide.proportion_interval(20, 20)[0] == pytest.approx(0.025 ** (1 / 20))


def test_the_rule_keeps_its_promises_on_synthetic_data():
    missed = [each for each in selftest.findings(RULE, 60, seed=7) if not each.holds]
    assert not missed


def test_the_selftest_notices_a_rule_that_does_not():
    """Without Holm and with every look at full alpha, false alarms show."""
    loose = Rule(0.05, 0.6, 0.05, (20, 36, 60))
    found = {each.what: each for each in selftest.findings(loose, 60, seed=7)}
    alarm = found["false alarm, normal, each slower by just the threshold"]
    assert alarm.interval[0] > 0.01


def test_what_other_tools_say():
    random = np.random.default_rng(1)
    same = [(1000 * math.exp(a), 1000 * math.exp(b)) for a, b in random.normal(0, 0.01, (20, 2))]
    slower = [(base, head * 1.2) for base, head in same]
    called = rivals.red_cells({"same": same, "slower": slower})
    assert called[rivals.MANN_WHITNEY] == ["slower"]
    assert called["one pair, 110%"] == ["slower"] and called["one pair, 200%"] == []


def test_a_pair_says_what_most_of_its_turns_say():
    base = (100.0, 101.0, 99.0, 100.0, 100.0, 100.0)
    assert log_ratio(base, (100.0, 1101.0, 99.0, 100.0, 500.0, 100.0)) == 0
    assert log_ratio(base, [1.2 * ns for ns in base]) == pytest.approx(math.log(1.2))


def test_a_cell_passes_at_the_threshold_no_oftener_than_said():
    """14 of 20 below the threshold is p = 5.8 %, 15 is 2.1 %, 16 is 0.6 %: a third of 5 % is
    between the last two."""
    for below, state in ((15, {}), (16, {"a": "pass"})):
        assert looked(a=[0.0] * below + [0.06] * (20 - below)).of == state


def test_annotations_are_at_most_ten_and_escaped():
    def result(count):
        made = Result(None, None, None, {}, 1)
        made.failure = "a:b, 100%\nnext"
        made.counts = []
        made.states = {f"cell {number}": decide.REGRESSION for number in range(count - 1)}
        made.pairs = {}
        return made

    many = result(14)
    many.ratios = lambda cell: [0.1]
    notes = annotations(many)
    assert len(notes) == MOST_ANNOTATIONS and notes[-1].endswith(
        "and 5 more regressions: see the table"
    )
    assert notes[0] == "::error title=A queue got slower::a:b, 100%25%0Anext"
    assert command("error", "a: b, c", "d") == "::error title=a%3A b%2C c::d"


@pytest.mark.parametrize("layouts, count", [(SAME_LAYOUTS, LAYOUTS), (OTHER_LAYOUTS, LAYOUTS // 2)])
def test_each_arm_takes_its_layouts_equally_often_and_beside_all_of_the_others(layouts, count):
    of_base, of_head = layouts
    for begin in range(1, 5 * count, count):
        taken = [chosen_layouts(number, *layouts) for number in range(begin, begin + count)]
        assert {base for base, _ in taken} == set(of_base) and {head for _, head in taken} == set(
            of_head
        )
    assert (
        len({chosen_layouts(number, *layouts) for number in range(1, count * count + 1)})
        == count * count
    )


def test_code_that_only_moved_shares_no_layout():
    of_base, of_head = OTHER_LAYOUTS
    assert not set(of_base) & set(of_head)
