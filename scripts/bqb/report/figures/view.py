"""A run as the figures see it: the questions that several of them ask of it."""

from __future__ import annotations

import numpy as np

from bqb.data.model import Point, Run, Scenario
from bqb.report.figures.style import ALARM, GREY, Style
from bqb.stats import judging, summaries
from bqb.stats.counters import EFFICIENCY_OF, FLOOR_LOST, THROUGHPUT
from bqb.stats.summaries import Summary
from bqb.stats.verdicts import Key, PointVerdicts, verdicts_of


class View:
    """A run with the look of its queues, and the questions that several figures ask of it."""

    def __init__(self, run: Run, looks: dict[str, Style]):
        self.run, self.looks = run, looks
        self._pools: dict | None = None

    def points(self, scenario: Scenario) -> list[Point]:
        """Points at which some queue has a number or failed; none of a scenario that cannot run
        here."""
        if self.run.why_skipped(scenario.name):
            return []
        tried = {point.name for point, _ in self.run.cells()}
        return [point for point in scenario.points if point.name in tried]

    def pools(self) -> dict:
        """Pooled histograms by (point, queue, name); read once."""
        if self._pools is None:
            self._pools = summaries.pooled(
                self.run, ["sojourn_ns", "ideal_sojourn_ns", "floor_sojourn_ns"]
            )
        return self._pools

    def counter(self, point: Point) -> str:
        """What judges a point."""
        return judging.headline(self.run, point)

    def judge(self, scenario: Scenario) -> str:
        """The counter that a scenario's axes and titles are named by: what judges its first
        point."""
        return self.counter(scenario.points[0])

    def is_race(self, scenario: Scenario) -> bool:
        """Whether there is no loss to tell, and the scenario names nothing else to judge by."""
        return self.judge(scenario) == THROUGHPUT

    def headline(self, point: Point, queue: str) -> Summary | None:
        return summaries.summarise(self.run, point, queue, self.counter(point))

    def headline_values(self, scenario: Scenario) -> list[float]:
        """Every trial's value of what judges the points of a scenario, disturbed ones too."""
        return [
            value
            for point in self.points(scenario)
            for queue in self.run.queue_names(scenario.name)
            if (summary := self.headline(point, queue))
            for value in (*summary.values, *summary.disturbed_values)
        ]

    def verdict(self, point: Point) -> PointVerdicts | None:
        """On what judges a point; None where no bounded queue has an undisturbed value."""
        return verdicts_of(self.run).get(Key(point.name, self.counter(point)))

    def state(self, point: Point, queue: str) -> str:
        """Worse, equivalent or undecided; empty where there is no verdict."""
        verdict = self.verdict(point)
        return "" if verdict is None or verdict.no_verdict else verdict.states.get(queue, "")

    def loss(self, point: Point, queue: str) -> Summary | None:
        """What is lost, whatever the scenario is judged by; None where there is no loss to tell."""
        counter = judging.loss_counter(point)
        return (
            None if counter == THROUGHPUT else summaries.summarise(self.run, point, queue, counter)
        )

    def efficiency(self, point: Point, queue: str) -> Summary | None:
        counter = EFFICIENCY_OF.get(self.counter(point))
        return summaries.summarise(self.run, point, queue, counter) if counter else None

    def is_bound(self, point: Point, queue: str) -> bool:
        return judging.is_bound(self.run, point, queue)

    def median(self, point: Point, queue: str, counter: str) -> float | None:
        summary = summaries.summarise(self.run, point, queue, counter)
        return summary.median if summary else None

    def floor(self, point: Point) -> float | None:
        """The least any real queue can lose at a point, ns per message: median over the queues."""
        known = [
            value
            for queue in self.run.queue_names(point.scenario)
            if (value := self.median(point, queue, FLOOR_LOST)) is not None
        ]
        return float(np.median(known)) if known else None

    def ideal_rate(self, point: Point) -> float | None:
        """The ideal queue's messages a second here: throughput / efficiency, median over the
        queues."""
        rates = [
            throughput / efficiency.median
            for queue in judging.rankable(self.run, point)
            if (throughput := self.median(point, queue, THROUGHPUT))
            and (efficiency := self.efficiency(point, queue))
            and efficiency.median > 0
        ]
        return float(np.median(rates)) if rates else None

    def replayed(self, point: Point, name: str) -> summaries.Pool:
        """Sojourn times of a replay, ideal_sojourn_ns or floor_sojourn_ns: one pool over the
        bounded queues of a point, all of which saw its demands."""
        joined = summaries.Pool()
        for queue in judging.rankable(self.run, point):
            if pool := self.pools().get((point.name, queue, name)):
                for bucket, count in pool.buckets.items():
                    joined.buckets[bucket] += count
        return joined

    def sorted_queues(self, scenario: Scenario) -> list[str]:
        """Queues of a scenario, the cheapest first: by the mean rank of their medians over the
        points. An order of rows, no verdict."""
        points, queues = self.points(scenario), self.run.queue_names(scenario.name)
        ranks: dict[str, list[float]] = {queue: [] for queue in queues}
        for point in points:
            medians = {
                queue: summary.median
                for queue in queues
                if (summary := self.headline(point, queue))
            }
            more = judging.more_is_better(self.run, point, self.counter(point))
            for index, queue in enumerate(sorted(medians, key=medians.get, reverse=more)):
                ranks[queue].append(index / len(medians))
        return sorted(queues, key=lambda queue: (np.mean(ranks[queue]) if ranks[queue] else 2.0))

    def problem(self, point: Point, queue: str) -> tuple[str, str] | None:
        """(word, colour) for a cell without a number; None if it has one."""
        if self.run.trials_of(point, queue):
            return None
        problem = self.run.problem_of(point, queue)
        kind = problem.kind if problem else "not run"
        return {"failed": "failed", "void": "no window"}.get(
            kind, kind
        ), ALARM if kind == "failed" else GREY
