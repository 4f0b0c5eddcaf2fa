"""Tables, percentages and counts as the pages write them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bqb.gate.decide import proportion_interval

SMALL = "none one two three four five six seven eight nine ten eleven twelve".split()


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def count(number: int) -> str:
    """A whole number in a sentence: none, two, 116, 1,839."""
    return SMALL[number] if number < len(SMALL) else f"{number:,}"


def percent(share: float, digits: int = 0, signed: bool = False) -> str:
    """Without the unit: 9, 0.4, 100, -1.2; what rounds to 0 or 100 has no digits."""
    text = f"{100 * share:{'+' if signed else ''}.{digits}f}"
    plain = {f"{value:.{digits}f}": f"{value}" for value in (0, 100)}
    return plain.get(text.lstrip("+-"), text) if not signed else text


def with_interval(hits: int, n: int, digits: int = 0) -> str:
    """3 (0.4 to 9 %): the exact 95 % interval of the share."""
    low, high = proportion_interval(hits, n)
    return f"{hits} ({percent(low, digits)} to {percent(high, digits)} %)"


def listed(words: Sequence[str]) -> str:
    """a; a and b; a, b and c."""
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))
