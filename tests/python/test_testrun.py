"""The command `test`: which builds it tests, and how it sums up what was skipped."""

import pytest

from bqb import testrun
from bqb.testrun import Skip


def test_skips_are_summed_up_by_reason():
    skips = [Skip("release", "spsc.Crowd", "spsc: takes one producer"),
             Skip("asan", "spsc.Crowd", "spsc: takes one producer"),
             Skip("release", "ring.Crowd", "ring: takes one producer"),
             Skip("release", "ring.History", "ring: takes one producer"),
             Skip("release", "spsc.Times", "spsc: has no timed calls: none at all"),
             Skip("pytest", "test_install", "no CMake")]
    assert testrun.skip_table(skips) == ["  tests  reason                           queues",
                                         "      1  has no timed calls: none at all  spsc",
                                         "      1  no CMake",
                                         "      3  takes one producer               ring, spsc"]


@pytest.mark.parametrize("presets, expected", [
    ([], [("release", None, []), ("asan", "contract", ["--label-regex", "^contract$"]),
          ("tsan", "contract", ["--label-regex", "^contract$"])]),
    (["asan"], [("asan", None, [])]),
])
def test_everything_in_release_and_the_contract_under_sanitizers(monkeypatch, presets, expected):
    tested = []
    monkeypatch.setattr(testrun, "build", lambda preset, target, options: tested.append([preset, target]))
    monkeypatch.setattr(testrun, "run_ctest", lambda folder, suite, tally, which: tested[-1].append(which))
    monkeypatch.setattr(testrun, "test_python", lambda tally: setattr(tally, "passed", 1))
    assert testrun.run(presets) == 0
    assert tested == [list(each) for each in expected]


def test_each_stage_says_how_long_it_took(capsys):
    with testrun.timed("build release"):
        pass
    assert capsys.readouterr().out == "build release: took 0:00\n"
