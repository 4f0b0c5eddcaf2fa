"""Numbers drawn from the trials of a run: summaries, rankings, claims, precision."""
