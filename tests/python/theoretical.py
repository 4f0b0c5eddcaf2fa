#!/usr/bin/env python3
"""Runs whose figures are those of queueing theory, for the tests of ./scripts/validate: as a module
it makes their rows; as a program it speaks queue_bench's side of the contract with the driver, and
writes the rows of the file FAKE_ROWS: {scenario: {"run": row, "trials": [row]}}."""

import argparse
import json
import os
import sys
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # PYTHONSAFEPATH leaves it out
import whole_rows  # noqa: E402


def point(
    scenario,
    name,
    producers=1,
    consumers=1,
    capacity=1,
    rho=0.5,
    open_loop=False,
    work="spin",
    process="exponential",
    service_ns=10_000.0,
    case=None,
):
    """A point row."""
    side = {"work": work, "process": process, "mean_ns": service_ns}
    producer = (
        {"work": "none"}
        if open_loop
        else {**side, "mean_ns": service_ns * producers / consumers / rho}
    )
    arrivals = {"process": "exponential", "mean_ns": service_ns / consumers / rho, "wait": "spin"}
    return {
        "name": f"{scenario}/{name}",
        "scenario": scenario,
        "params": {"rho": rho},
        "producers": producers,
        "consumers": consumers,
        "capacity": capacity,
        "rho": rho,
        "producer": producer,
        "consumer": side,
        "level": "traced",
        "window_ms": 1,
        **({"arrivals": arrivals} if open_loop else {}),
        **({"case": case} if case else {}),
    }


def run_row(scenario, points, queue="mpmc_spin"):
    described = whole_rows.scenario(scenario, points, [queue], rank=False)
    return whole_rows.run([described], {queue: {}}, cpu_model="Toy", date="2026-11-25")


def trial(
    point_row,
    queue="mpmc_spin",
    slow_work=1.0,
    throughput=1.0,
    wait=1.0,
    efficiency=1.0,
    messages=200_000,
):
    """A trial row without a round: exactly theory's, times `throughput` and `wait`, for work that
    takes `slow_work` times what was asked for; open loops with the arrivals that were asked for."""
    from bqb.validation import theory

    service = point_row["consumer"]["mean_ns"] * slow_work
    scenario, rest = point_row["name"].split("/", 1)
    names = {"cell": f"{scenario}/{queue}/{rest}", "level": "traced"}
    shape = point_row["producers"], point_row["consumers"], point_row["capacity"]
    counters = {"consumer_work_mean_ns": service, "efficiency": efficiency}
    if point_row["producer"]["work"] == "none":
        gap = point_row["consumer"]["mean_ns"] / point_row["consumers"] / point_row["rho"]
        mean = (
            theory.mmc_wait_mean(gap, service, 2)
            if shape[1] == 2
            else theory.mg1_wait_mean(
                gap, service, point_row["consumer"]["process"] == "exponential"
            )
        )
        quantile = (
            (lambda share: mean)
            if shape[1] == 2
            else partial(theory.mm1_wait_quantile, gap, service)
        )
        window = gap * messages
    else:
        produce = point_row["producer"]["mean_ns"] * slow_work
        chain = theory.Tandem(*shape, produce, service)
        quantile, mean = (chain.wait_quantile if shape[1] == 1 else lambda share: 0.0), 0.0
        window = messages / chain.throughput / throughput
        counters["producer_work_mean_ns"] = produce
    figures = {"mean": mean, "p50": quantile(0.5), "p99": quantile(0.99)}
    counters |= {f"sojourn_{name}_ns": value * wait for name, value in figures.items()}
    counters |= {f"ideal_sojourn_{name}_ns": value for name, value in figures.items()}
    counters |= {
        "throughput_msgs_per_s": messages / window * 1e9,
        "producer_cpu_ns_per_msg": window / messages * shape[0],
        "consumer_cpu_ns_per_msg": window / messages * shape[1],
    }
    row = {
        "kind": "trial",
        **names,
        "point": point_row["name"],
        "scenario": scenario,
        "queue": queue,
        "order": 1,
        "status": "ok",
        "messages": messages,
        "window_ns": window,
        "counters": counters,
    }
    return row


def write(folder, run, trials, rounds, disturbed=()):
    """A run folder of so many rounds; those whose numbers are `disturbed` are."""
    folder.mkdir(parents=True)
    lines = [run]
    for number in range(1, rounds + 1):
        for row in trials:
            lines += [
                {**row, "round": number},
                whole_rows.block(row["point"], number, number in disturbed),
            ]
    (folder / "trials.jsonl").write_text(
        "".join(json.dumps(row) + "\n" for row in lines), encoding="utf-8"
    )


# ------------------------------------------------------------------------------------- as a program


def append(path, rows):
    with open(path, "a", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)


def main():
    parser = argparse.ArgumentParser()
    for option in ("scenario", "seed", "scenarios-dir", "out", "round", "only", "note-arguments"):
        parser.add_argument(f"--{option}")
    for flag in ("pilot", "list", "beside-others"):
        parser.add_argument(f"--{flag}", action="store_true")
    arguments = parser.parse_args()
    known = json.loads(Path(os.environ["FAKE_ROWS"]).read_text(encoding="utf-8"))[
        arguments.scenario
    ]
    if arguments.list:
        print("\n".join(f"    {row['point']}" for row in known["trials"]))
        return
    only = Path(arguments.only).read_text(encoding="utf-8").split()
    folder = Path(arguments.out)
    trials = [row for row in known["trials"] if row["point"] in only]
    if arguments.pilot:
        plans = [whole_rows.plan(row["cell"], row["point"], row["queue"]) for row in trials]
        append(folder / "trials.jsonl", [known["run"], *plans])
        return
    number = int(arguments.round)
    for row in trials:
        rows = [{**row, "round": number}, whole_rows.block(row["point"], number)]
        append(folder / "trials.jsonl", rows)


if __name__ == "__main__":
    main()
