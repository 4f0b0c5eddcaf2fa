"""What queue_bench says of the machine that it runs on."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from bqb.data.fields import error_in_fields
from bqb.schema import OBJECTS, Fields

# A reader cares about a few of them, and a build of another version may know others.
FIELDS: Fields = {name: (type_, False) for name, (type_, _) in OBJECTS["context"].items()}
MOST_SECONDS = 10


def machine_facts(binary: Path) -> dict[str, Any]:
    """Fields of the context that a run on this machine would have now. Empty where the program
    cannot say: what is wrong with it is for a run to report, and an older build has no --machine.
    Takes about half a second, in which the load is measured."""
    try:
        result = subprocess.run(
            [binary, "--machine"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=MOST_SECONDS,
        )
        facts = json.loads(result.stdout) if result.returncode == 0 else {}
    except (OSError, ValueError, RecursionError, subprocess.TimeoutExpired):
        return {}
    if not isinstance(facts, dict) or error_in_fields(facts, FIELDS):
        return {}
    return facts
