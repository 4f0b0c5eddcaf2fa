"""The versions of the wrapped libraries in docs/peers.md, as the newest default run measured
them."""

from __future__ import annotations

from bqb.data.libraries import library
from bqb.data.queue_list import listed
from bqb.pages import words
from bqb.pages.marks import generated
from bqb.pages.sources import default_run

HEADS = ("library", "queues", "newest known", "known on")


@generated
def library_versions() -> str:
    """A line a library, with its newest known release."""
    queues: dict[str, list[str]] = {}
    for each in listed().values():
        if each.library:
            queues.setdefault(library(each.library).key, []).append(each.name)
    return words.table(HEADS, [_row(key, names) for key, names in queues.items()])


def _row(key: str, queues: list[str]) -> tuple[str, ...]:
    known = library(key)
    return (
        known.release(default_run().context.get("libraries", {})),
        ", ".join(f"`{queue}`" for queue in queues),
        known.newest_known,
        str(known.as_of or ""),
    )
