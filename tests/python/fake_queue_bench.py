#!/usr/bin/env python3
"""Speaks queue_bench's side of the contract with the driver and measures nothing.

The environment variable FAKE (JSON) says what goes wrong:
  crash, hang    [cells]: a trial of this cell kills the process / ends it with status 4 after an
                 error row
  crash_properties, hang_properties  [queues]: measuring their properties kills the process / ends
                 it with status 4
  signal         name of the signal that a crash is, SIGSEGV by default
  silent_crash   true: dies at once, before any row
  unblamable     true: --crash-reason is ignored
  disturbed      {point: n}: its blocks of rounds 1..n are disturbed
  refuse_round   number: this round ends with status 5, as on a full disk
  slow           seconds a trial takes
  rounds         default_rounds of the run row
  block_s        {point: seconds} that a block says it took
  noisy          {point: n}: in its rounds 1..n now one queue loses more, now another; in later
                 rounds all lose the same
  machine        what --machine prints, {} by default; null: it is unknown, as to older builds
"""

import argparse
import json
import os
import signal
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))  # PYTHONSAFEPATH leaves it out
import whole_rows  # noqa: E402

FAKE = json.loads(os.environ.get("FAKE", "{}"))
QUEUES = ["one", "two", "three"]
POINTS = ["s/capacity:1", "s/capacity:16"]


def cell(point, queue):
    return point.replace("s/", f"s/{queue}/")


def refuse(line, status):
    print(f"queue_bench: {line}", file=sys.stderr)
    sys.exit(status)


class Rows:
    def __init__(self, folder):
        self.path = folder / "trials.jsonl"
        if self.path.exists() and not self.path.read_text().endswith("\n"):  # a kill cut it short
            with open(self.path, "a") as file:
                file.write("\n")

    def read(self):
        rows = []
        for line in self.path.read_text().splitlines() if self.path.exists() else []:
            try:
                rows.append(json.loads(line))
            except ValueError:
                pass
        return rows

    def write(self, **row):
        with open(self.path, "a") as file:
            file.write(json.dumps(row) + "\n")

    def beside(self, file, **row):
        with open(self.path.with_name(file), "a") as file:
            file.write(json.dumps(row) + "\n")

    def error(self, point, queue, number, message):
        self.write(
            kind="trial",
            cell=cell(point, queue),
            point=point,
            scenario="s",
            queue=queue,
            round=number,
            order=0,
            level="traced",
            status="error",
            message=message,
        )

    def failed(self):
        return {row["cell"] for row in self.read() if row.get("status") == "error"}


def die():
    os.kill(os.getpid(), getattr(signal, FAKE.get("signal", "SIGSEGV")))


def blame(rows, message):
    ended = {(row["cell"], row["round"]) for row in rows.read() if row["kind"] == "trial"}
    start = [row for row in rows.read() if row["kind"] == "start"][-1]
    if (start["cell"], start["round"]) not in ended:
        scenario, queue, rest = start["cell"].split("/", 2)
        rows.error(f"{scenario}/{rest}", queue, start["round"], message)


def pilot(rows, arguments):
    if not rows.read():
        points = [whole_rows.point(name, producer={"work": "spin"}) for name in POINTS]
        context = {"arguments": json.loads(arguments.note_arguments)}
        if "rounds" in FAKE:
            context["default_rounds"] = FAKE["rounds"]
        labels = {name: {} for name in QUEUES}
        scenario = whole_rows.scenario("s", points, QUEUES)
        rows.write(**whole_rows.run([scenario], labels, **context))
    known = {row["cell"] for row in rows.read() if row["kind"] in ("plan", "skip")}
    for point in POINTS:
        for queue in QUEUES:
            if cell(point, queue) not in known:
                rows.write(
                    kind="plan",
                    cell=cell(point, queue),
                    point=point,
                    queue=queue,
                    pilot_ns_per_msg=1000,
                    messages_per_producer=100,
                    warmup_messages_per_producer=10,
                    wall_ns=0,
                )


def properties(rows, blamed):
    done = {row["queue"] for row in rows.read() if row["kind"] == "property"}
    for queue in QUEUES:
        row = dict(kind="property", queue=queue, name="idle_pop", params={})
        if queue in done:
            continue
        if blamed and not FAKE.get("unblamable"):
            rows.write(**row, error=f"crashed: {blamed}")
            blamed = None
        elif queue in FAKE.get("crash_properties", []):
            die()
        elif queue in FAKE.get("hang_properties", []):
            rows.write(**row, error="hung: no end after 10 s")
            sys.exit(4)
        else:
            rows.write(**row, values={"idle_pop_cpu_share": 0.0})


def trial(rows, point, queue, number):
    name = cell(point, queue)
    rows.write(kind="start", cell=name, round=number, level="traced")
    if name in FAKE.get("crash", []):
        die()
    if name in FAKE.get("hang", []):
        rows.error(point, queue, number, "hung")
        sys.exit(4)
    time.sleep(FAKE.get("slow", 0))
    rows.beside(
        "histograms.jsonl",
        cell=name,
        round=number,
        level="traced",
        name="sojourn_ns",
        count=100,
        max=2,
        buckets=[[1, 2, 100]],
    )
    is_noisy = number <= FAKE.get("noisy", {}).get(point, 0)
    noise = 500 * (-1) ** (number + QUEUES.index(queue)) if is_noisy else 0
    rows.write(
        kind="trial",
        cell=name,
        point=point,
        scenario="s",
        queue=queue,
        round=number,
        order=0,
        level="traced",
        status="ok",
        messages=100,
        window_ns=1e6,
        counters={"lost_ns_per_msg": 1000 + noise},
    )


def measure(rows, number, only):
    if number == FAKE.get("refuse_round"):
        refuse("trials.jsonl: no space left on device", 5)
    points = Path(only).read_text().split() if only else POINTS
    done = {
        row["point"] for row in rows.read() if row["kind"] == "block" and row["round"] == number
    }
    for point in points:
        if point in done:
            continue
        for queue in QUEUES:
            if cell(point, queue) not in rows.failed():
                trial(rows, point, queue, number)
        disturbed = number <= FAKE.get("disturbed", {}).get(point, 0)
        wall_ns = int(1e9 * FAKE.get("block_s", {}).get(point, 0))
        rows.write(**whole_rows.block(point, number, disturbed, wall_ns=wall_ns))


def main():
    parser = argparse.ArgumentParser()
    for option in (
        "scenario",
        "queue",
        "seed",
        "scenarios-dir",
        "out",
        "round",
        "only",
        "crash-reason",
        "note-arguments",
    ):
        parser.add_argument(f"--{option}")
    parser.add_argument("--point", action="append", default=[])
    for flag in ("all", "pilot", "properties", "list", "machine"):
        parser.add_argument(f"--{flag}", action="store_true")
    arguments = parser.parse_args()
    if arguments.machine:
        if FAKE.get("machine", {}) is None:
            refuse("unknown argument --machine (see --help)", 2)
        print(json.dumps(FAKE.get("machine", {})))
        return
    if arguments.scenario == "wrong":
        refuse("wrong.toml:3: capacity: 0 is not a capacity", 2)
    if unknown := set(arguments.point) - set(POINTS):
        refuse(f"--point {unknown.pop()}: there is no such point", 2)
    POINTS[:] = [point for point in POINTS if not arguments.point or point in arguments.point]
    if arguments.list:
        print("s: what is faster?")
        return
    rows = Rows(Path(arguments.out))
    with open(Path(arguments.out) / "processes", "a") as file:
        file.write(f"{os.getpid()} {' '.join([Path(sys.argv[0]).name, *sys.argv[1:]])}\n")
    if FAKE.get("silent_crash"):
        die()
    if arguments.properties:
        properties(rows, arguments.crash_reason)
        return
    if arguments.crash_reason and not FAKE.get("unblamable"):
        blame(rows, arguments.crash_reason)
    if arguments.pilot:
        pilot(rows, arguments)
    else:
        measure(rows, int(arguments.round), arguments.only)


main()
