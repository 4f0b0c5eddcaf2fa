"""Numbers drawn from the trials of a run: summaries, verdicts, claims, precision."""
