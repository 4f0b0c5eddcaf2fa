"""From where on a sample is large enough, and how many blocks it takes."""

from __future__ import annotations

from bqb.schema import LEAST_BLOCKS_FOR_VERDICT

MIN_UNDISTURBED = 3  # fewer undisturbed blocks: summarised from all
# Fewest blocks with which a 95% interval of a median exists: two-sided sign test, 2 / 2^6 = 3%.
MIN_VERDICT_BLOCKS = LEAST_BLOCKS_FOR_VERDICT
MAX_SHARE_GAP = 0.10  # no verdict where the queues' disturbed shares lie further apart
