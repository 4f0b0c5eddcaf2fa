"""The wrapped libraries: which release a version is, and how old it is. scripts/peers.toml has the
dates.

    library("boost").release({"boost": "1.74.0.3"})   # "Boost 1.74 (August 2020)"
    library("boost").newest_known                     # "1.92 (August 2026)"
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any

from bqb import ROOT

LIBRARIES = ROOT / "scripts" / "peers.toml"
UNKNOWN = "unknown"  # in the context of a run: neither CMake nor dpkg told the version
SNAPSHOT = re.compile(r"git(\d{8})\.([0-9a-f]{7,})")  # of a repository, in Debian's versions
PACKAGING = "+-"  # what follows in a version is the packager's


@dataclass(frozen=True)
class Library:
    """A library, by its key in cmake/Peers.cmake. All but `key` and `name` is empty or None for one
    that scripts/peers.toml lacks."""

    key: str  # under which a run has its version
    name: str
    newest: str = ""
    as_of: date | None = None  # the day on which `newest` was the newest
    source: str = ""
    released: Mapping[str, date] | None = None

    def release(self, versions: Mapping[str, str]) -> str:
        """Name, version and month of the release. `versions` are a run's, by key."""
        version = versions.get(self.key, UNKNOWN)
        if version == UNKNOWN:
            return f"{self.name}, version unknown"
        if snapshot := SNAPSHOT.search(version):
            day = datetime.strptime(snapshot[1], "%Y%m%d")
            return f"{self.name} commit {snapshot[2]} ({_month(day)})"
        known = [each for each in self.released or {} if _is_release(version, each)]
        if not known:
            return f"{self.name} {_without_packaging(version)} (date of release unknown)"
        return f"{self.name} {self._dated(max(known, key=len))}"

    @property
    def newest_known(self) -> str:
        """Version and month of the newest release."""
        return self._dated(self.newest) if self.newest else UNKNOWN

    def _dated(self, version: str) -> str:
        return f"{version} ({_month((self.released or {})[version])})"


@cache
def libraries() -> dict[str, Library]:
    """By key. Parts of a library have its entry."""
    table = tomllib.loads(LIBRARIES.read_text(encoding="utf-8"))
    return {key: _library(str(entry.get("same_as", key)), table) for key, entry in table.items()}


def library(key: str) -> Library:
    """One that scripts/peers.toml lacks has its key for a name, and nothing else is known of it."""
    return libraries().get(key, Library(key, key))


def _library(key: str, table: Mapping[str, Mapping[str, Any]]) -> Library:
    return Library(key, **table[key])


def _is_release(version: str, release: str) -> bool:
    return version == release or (version.startswith(release) and version[len(release)] in ".+-")


def _without_packaging(version: str) -> str:
    return re.split(f"[{PACKAGING}]", version)[0] if version[:1].isdigit() else version


def _month(day: date) -> str:
    return f"{day:%B %Y}"
