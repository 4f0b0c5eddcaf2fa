"""What the author of a scenario expects, and what was expected before. A run carries its own."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class EarlierClaim:
    """What a claim was until it was stated anew."""

    until: str  # 2026-11-28
    says: str
    bound: str  # in words, with its counter
    why: str  # why it was replaced


@dataclass(frozen=True)
class Claim:
    """What a scenario's author expects of a counter: that it lies above or below a bound, or its
    ratio does.

    Of each of `queues` at `points`; the ratio is to `than`, another queue there, or to the same
    queue at `than_points`."""

    says: str
    counter: str
    points: tuple[str, ...]  # names
    queues: tuple[str, ...] = ()  # none: each bounded queue that ran
    than: str | None = None
    than_points: tuple[str, ...] = ()
    above: float | None = None
    below: float | None = None
    since: str | None = None  # stated in this form on 2026-11-28; None before schema 4
    replaces: tuple[EarlierClaim, ...] = ()


@dataclass(frozen=True)
class EarlierExpect:
    """What a scenario's `expect` said until runs contradicted it."""

    until: str  # 2026-11-28
    text: str
    why: str  # what contradicts it
