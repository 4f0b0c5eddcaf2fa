"""Writes the report of one run: one file that needs no network and no JavaScript."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import jinja2
from markupsafe import Markup

from bqb.data.files import write_atomically
from bqb.data.model import Run
from bqb.report import answers
from bqb.report.again import bench_command
from bqb.report.figures.style import queue_styles
from bqb.report.figures.view import View
from bqb.report.html import marks
from bqb.report.html.cards import cards_of
from bqb.report.html.decision_table import decision_rows
from bqb.report.html.sections import section_of
from bqb.report.machine import described, warnings_of
from bqb.report.units import format_ns, format_rate, format_share
from bqb.stats import summaries
from bqb.stats.decisions import Need, decisions_of
from bqb.stats.verdicts import FALSE_SHARE

TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True)
class Fact:
    """A line about a run: what, and its value."""

    name: str
    text: str


def write_report(run: Run, needs: Sequence[Need], path: Path) -> Path:
    """Writes the page of a run to `path`, whole or not at all."""
    write_atomically(path, render(run, needs).encode())
    return path


def render(run: Run, needs: Sequence[Need]) -> str:
    view = View(run, queue_styles([*run.queues, *(queue for _, queue in run.cells())]))
    decisions = decisions_of(run, needs)
    return fill(
        "run.html.j2",
        title=f"Bounded queues on {described(run.context)}",
        result=answers.result(decisions, bench_command(run, "--rounds", "12")),
        facts=facts_of(run),
        decisions=decision_rows(view, decisions),
        sections=[section_of(view, scenario) for scenario in run.scenarios.values()],
        cards=cards_of(view, decisions),
        problems=run.problems,
        failures=run.property_failures,
        false_share=format_share(FALSE_SHARE),
        limits=limits_of(run),
        machine_warnings=warnings_of(run.context),
    )


def fill(template: str, **values: object) -> str:
    """A page from a template. Every value is escaped."""
    return environment().get_template(template).render(**values)


@cache
def environment() -> jinja2.Environment:
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals.update(
        symbols=[symbol for symbol in marks.SYMBOLS.values()],
        # Our own files, to be put into the page as they are.
        style=Markup((TEMPLATES / "style.css").read_text(encoding="utf-8")),
        script=Markup((TEMPLATES / "page.js").read_text(encoding="utf-8")),
    )
    return made


def left_out(run: Run) -> str:
    """How many blocks do not count because something else ran on the machine meanwhile."""
    blocks = list(run.blocks.values())
    disturbed = sum(block.disturbed for block in blocks)
    if not blocks:
        return ""
    return f"{disturbed} of {len(blocks)} blocks ({format_share(disturbed / len(blocks))})"


def cores_moved(run: Run) -> str:
    """During how many blocks the host exchanged the cores; empty for none."""
    moved = sum(block.cores_moved for block in run.blocks.values())
    if not moved:
        return ""
    return f"during {moved} of {len(run.blocks)} blocks a cache line came to take another time"


def facts_of(run: Run) -> list[Fact]:
    """Where, when and of what the numbers are."""
    context, baselines = run.context, summaries.machine_baselines(run)
    commit = str(context.get("commit", "")) or "unknown"
    times = [
        baselines.wake_ns and f"waking a sleeping thread takes {format_ns(baselines.wake_ns)}",
        baselines.handoff_ns
        and f"a cache line goes from core to core in {format_ns(baselines.handoff_ns)}",
        baselines.ring_msgs_per_s
        and "our fastest ring passes "
        f"{_messages(baselines.ring_msgs_per_s)} from one thread to another, without work",
    ]
    facts = [
        ("Machine", described(run.context)),
        ("Baselines", "; ".join(text for text in times if text)),
        ("CPU quota", quota_of(context)),
        ("System", f"{context.get('kernel', '')}, {context.get('compiler', '')}".strip(", ")),
        ("Date", str(context.get("date", "unknown"))[:16].replace("T", " ")),
        ("Commit", commit[:12] + (" with changes" if context.get("dirty") else "")),
        ("Rounds", str(len({number for _, number in run.blocks}))),
        ("Left out", left_out(run) and f"{left_out(run)}: something else ran meanwhile"),
        ("Cores moved", cores_moved(run)),
        *(("Brought", text) for text in brought(run)),
    ]
    return [Fact(name, text) for name, text in facts if text]


def brought(run: Run) -> list[str]:
    """Each header from outside, and what it brought: my_queue.h 3f2c81d04b7e, folly v2024.08.12."""
    headers = (run.context.get("arguments") or {}).get("brought", ())
    return [
        f"{header['header']} {header['sha256']}"
        + (f", {header['versions']}" if header["versions"] else "")
        + (f"; compiled with {header['flags']}" if header["flags"] else "")
        for header in headers
    ]


def _messages(per_s: float) -> str:
    """110 M messages/s."""
    return format_rate(per_s).replace("/s", " messages/s")


def quota_of(context: Mapping[str, object]) -> str:
    quota = context.get("cpu_quota_cores")
    return f"{quota:g} cores: queues that spin look worse than without" if quota else ""


def _layouts(count: int) -> str:
    return "one layout of the code" if count <= 1 else f"{count} layouts of the code"


def limits_of(run: Run) -> list[str]:
    """What may not be concluded from this page."""
    layouts = {block.layout for block in run.blocks.values()}
    wake_ns = summaries.machine_baselines(run).wake_ns
    of_wake_ups = (
        "That queues that sleep are as many times as slow elsewhere. Most of what they lose is the "
        f"time to wake a thread, {format_ns(wake_ns)} on this machine."
        if wake_ns
        else ""
    )
    limits = [
        f"That it holds elsewhere. These are numbers of one machine ({described(run.context)}), "
        f"of one compiler and {_layouts(len(layouts))}. Run it on yours.",
        of_wake_ups,
        "That undecided means equal. It means that this run cannot tell. More rounds may: "
        f"{bench_command(run, '--budget', '30m')}.",
        "That the order of two queues means something where neither is shown to be worse.",
        "Anything about the slowest messages: whole runs do not agree on them, so no verdict rests "
        "on a 99th percentile or a maximum.",
        "That an average over the questions ranks the queues. The needs are unlike: each rests on "
        "its own point.",
        "Anything about messages, work or numbers of threads that no point has.",
    ]
    return [each for each in limits if each]
