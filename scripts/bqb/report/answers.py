"""What a run answers, in sentences: each states verdicts of the run and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bqb.data.model import REFERENCE, Run, Scenario
from bqb.report.figures import lost
from bqb.report.figures.view import View
from bqb.report.machine import machines
from bqb.report.titles import called
from bqb.report.wording import located
from bqb.stats import claims, judging
from bqb.stats.decisions import CONTRADICTED, HOLDS, Decision, JointDecision, preference
from bqb.stats.repeatability import count_machines
from bqb.stats.thresholds import MIN_VERDICT_BLOCKS
from bqb.stats.verdicts import EQUIVALENT, UNDECIDED, WORSE, Key, PointVerdicts, verdicts_of

MOST_NAMES = 4
MOST_POINTS = 3  # that an answer names one by one


def result(decisions: Sequence[Decision], more: str = "./scripts/bench --rounds 12") -> str:
    """The result of a run in one sentence: how the queue fares that is worse than the best for the
    fewest needs, and the reference. `more`: the command that measures more."""
    judged = [each for each in decisions if each.verdict and not each.no_verdict]
    if not judged:
        reasons = dict.fromkeys(each.no_verdict for each in decisions)
        why = next(iter(reasons), "none of its points is ranked")
        return f"This run decides nothing: {why}."
    said = {
        queue: [each.on(queue) for each in judged if each.on(queue)]
        for queue in dict.fromkeys(queue for each in judged for queue in each.verdict.order)
    }
    noun = "point" if all(each.need.is_only_a_point for each in judged) else "need"
    if not any({HOLDS, CONTRADICTED} & set(each) for each in said.values()):
        return _undecided(judged, more)
    most = max(map(len, said.values()))
    entered = [queue for queue, each in said.items() if len(each) == most]
    best = min(
        entered,
        key=lambda queue: (
            said[queue].count(CONTRADICTED),
            -said[queue].count(HOLDS),
            preference(queue),
        ),
    )
    worse = said[best].count(CONTRADICTED)
    if not any(CONTRADICTED in each for each in said.values()):
        return f"No queue is shown to be worse than another for any of {_count(most, noun)}."
    text = (
        f"{best} is not shown to be worse than the best queue for any of {_count(most, noun)}"
        if not worse
        else f"No queue is right for everything: {best} is worse than the best for {worse} of "
        f"{_count(most, noun)}, the fewest of the queues that have a verdict for all of them"
    )
    text += f" (equivalent for {said[best].count(HOLDS)}, undecided for "
    text += f"{said[best].count(UNDECIDED)})"
    if REFERENCE in said and REFERENCE != best:
        text += f"; {called(REFERENCE)} is worse for {said[REFERENCE].count(CONTRADICTED)}"
    return f"{text}."


def _undecided(judged: Sequence[Decision], more: str) -> str:
    """Why nothing is decided: too few blocks, or too much noise."""
    blocks = max(each.verdict.blocks for each in judged if each.verdict)
    if blocks < MIN_VERDICT_BLOCKS:
        return (
            f"This run decides nothing: a point has at most {_count(blocks, 'undisturbed block')},"
            f" and a verdict needs {MIN_VERDICT_BLOCKS}. Measure more: "
            f"{more}."
        )
    return "This run decides nothing: the queues differ less than its blocks do."


def joint_result(runs: Sequence[Run], decisions: Sequence[JointDecision]) -> str:
    """The result of several runs in one sentence."""
    taken = sum(each.take is not None for each in decisions)
    against = sum(each.is_contradicted for each in decisions)
    where = f"{len(runs)} runs on {machines(count_machines(runs))}"
    if not decisions:
        return f"{where} have no need in common with the decision table."
    text = (
        f"{where}: for {taken} of {len(decisions)} needs some run shows which queue to take, and "
        "none contradicts it"
    )
    return f"{text}; for {against} the runs contradict each other." if against else f"{text}."


def answer(view: View, scenario: Scenario) -> str:
    """What a run answers to a question, in a sentence or two."""
    run = view.run
    if reason := run.why_skipped(scenario.name):
        return f"Cannot run here: {reason}."
    found = [
        (point, verdict)
        for point in scenario.points
        if (verdict := verdicts_of(run).get(Key(point.name, judging.headline(run, point))))
    ]
    by_point = {point: verdict for point, verdict in found if not verdict.no_verdict}
    judged = list(by_point.values())
    if not judged:
        nothing = judging.why_no_values(run, scenario.points)
        why = next((verdict.no_verdict for _, verdict in found), nothing)
        by_claims = "" if scenario.rank else _by_claims(run, scenario)
        return by_claims or f"No verdict: {why}."
    if len(judged) == 1:
        states = _at_one(judged[0])
    elif not any(verdict.having(WORSE) for verdict in judged):
        states = f"At none of the {len(judged)} points is a queue shown to be worse than another."
    elif len(judged) <= MOST_POINTS:
        states = " ".join(
            _at_each(located(point, scenario), verdict) for point, verdict in by_point.items()
        )
    else:
        states = _at_several(run, judged)
    contrast = lost.title(view, scenario)
    return f"{states} {_ended(contrast.text)}" if contrast.facts else states


def _ended(text: str) -> str:
    return text if text.endswith(".") else f"{text}."


def _at_one(verdict: PointVerdicts) -> str:
    lines = []
    if equivalent := verdict.having(EQUIVALENT):
        lines.append(f"Equivalent to the best: {names(equivalent)}.")
    if undecided := verdict.having(UNDECIDED):
        lines.append(f"Undecided: {names(undecided)}.")
    if worse := verdict.having(WORSE):
        lines.append(f"Worse: {names(worse)}.")
    return " ".join(lines)


def _at_each(place: str, verdict: PointVerdicts) -> str:
    """The best queues of a point, as one of a few."""
    equivalent, worse = verdict.having(EQUIVALENT), verdict.having(WORSE)
    best = f"equivalent to the best: {names(equivalent)}" if equivalent else "not decided"
    rest = f"; worse: {_count(len(worse), 'queue')}" if worse else ""
    return f"{place}{best}{rest}."


def _at_several(run: Run, judged: Sequence[PointVerdicts]) -> str:
    """Which queues are worse at none of the points, or at the fewest, and the reference."""
    states = {
        queue: [each.states[queue] for each in judged if queue in each.states]
        for queue in dict.fromkeys(queue for each in judged for queue in each.order)
    }
    whole = {queue: each for queue, each in states.items() if len(each) == len(judged)} or states
    fewest = min(each.count(WORSE) for each in whole.values())
    least = sorted(
        (queue for queue, each in whole.items() if each.count(WORSE) == fewest), key=preference
    )
    where = f"none of the {len(judged)}" if fewest == 0 else f"{fewest} of {len(judged)}"
    be = "is" if len(least) == 1 else "are"
    text = f"{names(least)} {be} shown to be worse than the best at {where} points"
    if REFERENCE in states and REFERENCE not in least:
        text += f", {called(REFERENCE)} at {states[REFERENCE].count(WORSE)}"
    return f"{text}."


def _by_claims(run: Run, scenario: Scenario) -> str:
    """What is right of what the author of an unranked scenario expected."""
    by_verdict: dict[str, list[str]] = {}
    for score in claims.score_all(run, scenario):
        by_verdict.setdefault(score.verdict, []).append(score.claim.says)
    return " ".join(
        f"{verdict.capitalize()}: {'; '.join(said)}."
        for verdict in claims.VERDICTS
        if (said := by_verdict.get(verdict))
    )


def names(queues: Iterable[str], most: int = MOST_NAMES) -> str:
    """a, b, c and 5 more."""
    listed = list(queues)
    if len(listed) <= most:
        return ", ".join(listed)
    return f"{', '.join(listed[: most - 1])} and {len(listed) - most + 1} more"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' * (number != 1)}"
