"""What the pages say of whether whole default runs agree."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from functools import cache

from bqb.data.model import Run
from bqb.pages.marks import generated
from bqb.pages.sources import all_default_runs
from bqb.pages.words import count, listed, table
from bqb.report.github_action_json import github_action_entries
from bqb.stats.repeatability import Agreement, agreement_of, count_machines

JUDGE_NOTHING = ("excess_mean_ns", "excess_p99_ns", "sojourn_p99_ns")  # for comparison
ALERT = 2.0  # what the action calls an alert, by default


@cache
def agreements() -> dict[str, Agreement]:
    return agreement_of(all_default_runs(), JUDGE_NOTHING)


@generated
def repeated_runs() -> str:
    return count(len(all_default_runs()))


@generated
def repeated_machines() -> str:
    machines = count_machines(all_default_runs())
    return f"{count(machines)} machine{'s' * (machines > 1)}"


@generated
def repeated_runs_apart() -> str:
    """The least time between the begins of two of them."""
    began = sorted(datetime.fromisoformat(run.context["date"]) for run in all_default_runs())
    least = min(later - earlier for earlier, later in zip(began, began[1:]))
    return f"{least.total_seconds() // 60:.0f} minutes"


@generated
def agreement() -> str:
    by_verdicts = sorted(agreements().values(), key=lambda each: (not each.is_judged, -each.apart))
    return table(
        (
            "counter",
            "reversed, of pairs far apart",
            "contradicted, of verdicts",
            "found worse, of far off",
        ),
        [_agreement_row(each) for each in by_verdicts],
    )


def _agreement_row(each: Agreement) -> list[str]:
    reversed_ = f"{each.reversed:,} of {each.apart:,}"
    if not each.is_judged:
        return [f"`{each.counter}`, judges nothing", reversed_, "", ""]
    return [
        f"`{each.counter}`",
        reversed_,
        f"{each.contradicted:,} of {each.decided:,}",
        f"{each.found:,} of {each.far:,}",
    ]


@generated
def contradicted_verdicts() -> str:
    judged = [each for each in agreements().values() if each.is_judged]
    contradicted = sum(each.contradicted for each in judged)
    if not contradicted:
        return "none"
    return f"{contradicted:,} of {sum(each.decided for each in judged):,}"


@generated
def chart_alerts() -> str:
    """How often charts over runs of one program would raise an alert."""
    runs = of_one_program()
    values = [{each["name"]: each["value"] for each in github_action_entries(run)} for run in runs]
    ratios = [
        [later[name] / earlier[name] for name in earlier.keys() & later.keys()]
        for earlier, later in zip(values, values[1:])
    ]
    rose, doubled = (
        listed([str(sum(ratio > times for ratio in each)) for each in ratios])
        for times in (1.1, ALERT)
    )
    seeds = len({run.context["seed"] for run in runs})
    return (
        f"{count(len(runs)).capitalize()} published runs are of one program on one machine, with "
        f"{count(seeds)} seeds. From one to\nthe next, {rose} of {len(ratios[0])} entries rose by "
        f"more than 10 %, and {doubled} more than doubled. At the action's default of 200 %, those "
        "that\nmore than doubled raise an alert."
    )


def of_one_program() -> list[Run]:
    """The largest group of default runs that one program made, the latest of several."""
    groups = defaultdict(list)
    for run in all_default_runs():
        groups[run.context["binary_id"]].append(run)
    return max(groups.values(), key=lambda group: (len(group), str(group[-1].context["date"])))
