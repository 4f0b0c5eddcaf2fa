"""From where on a difference counts, and how many blocks it takes to say so."""

from __future__ import annotations

from bqb.schema import LEAST_BLOCKS_FOR_VERDICT

MIN_UNDISTURBED = 3  # fewer undisturbed blocks: summarised from all
# Fewest blocks (or pairs) with which a 95% interval of a median exists: two-sided sign test, 2 /
# 2^6 = 3%.
MIN_VERDICT_BLOCKS = LEAST_BLOCKS_FOR_VERDICT
MAX_SHARE_GAP = 0.10  # no verdict where the queues' disturbed shares lie further apart
# Further apart: the queues slow their users' work unequally, nominal times decide.
MAX_INFLATION_GAP = 0.02
# A loss within 5% or within 10 ns (half a pair of clock reads) of the least is tied.
TIE_SHARE, TIE_NS = 0.05, 10.0
TIE_EVENTS_PER_MSG = 0.002  # switches, yields: at about 5 us each these are 10 ns, too
