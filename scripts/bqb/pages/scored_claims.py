"""How the claims of the scenarios fared in the newest default run."""

from __future__ import annotations

from collections import Counter

from bqb.pages.marks import generated
from bqb.pages.sources import default_run
from bqb.pages.words import count
from bqb.stats.claims import SCORED, score_all, scored


@generated
def scored_claims() -> str:
    run = default_run()
    verdicts = Counter(
        score.verdict
        for scenario in run.scenarios.values()
        for score in scored(score_all(run, scenario))
    )
    parts = [f"{count(verdicts[verdict])} {verdict}" for verdict in SCORED if verdicts[verdict]]
    return f"{sum(verdicts.values())} claims: {', '.join(parts)}"
