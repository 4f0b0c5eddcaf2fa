"""Why trials of a cell differ, as METHODOLOGY.md tells it."""

from __future__ import annotations

from bqb.pages.marks import generated
from bqb.pages.sources import default_runs
from bqb.pages.words import percent, table
from bqb.validation.variance_shares import COUNTERS, EFFECTS, Share, forms_of_runs, shares_of

RESAMPLES, SEED = 1000, 1


@generated
def variance_shares() -> str:
    """A line a counter."""
    rows = []
    for counter in COUNTERS:
        forms = forms_of_runs(default_runs(), counter)
        shares = shares_of(forms, RESAMPLES, SEED)
        rows.append(
            [f"`{counter}`", f"{len(forms)}", *(_in_words(shares[effect]) for effect in EFFECTS)]
        )
    return table(("counter", "points", *EFFECTS), rows)


def _in_words(share: Share) -> str:
    ends = f"{percent(share.low)} to {percent(share.high)}"
    return f"{percent(share.share)} % [{ends}], ±{percent(share.deviation)} % of the value"
