#!/usr/bin/env python3
"""Speaks gate_trial's side of the contract, without measuring anything. Its folder says which arm
it is of; behaviour.json there says what its queues do: {"cells": {"queue": {"ns": time a message,
"spread": share by which it varies, "swing": to and fro, "fault": why, "signal": number, "void":
true, "hang": true, "garbage": true}}, "context": {...}}."""

import json
import os
import sys
import zlib  # no larger modules: a test starts hundreds of these

POINTS = ("gate/case:a", "gate/case:b")
TURNS = 6  # of a pair: rounds 6, 7, ... 11 are pair 1
CONTEXT = {
    "cpu_model": "Toy",
    "cores": 2,
    "kernel": "Linux 6",
    "compiler": "g++ 12",
    "build_type": "Release",
    "flags": "-O3",
    "host_name": "here",
}


def main(words):
    flags = {word for word in ("--list", "--pilot") if word in words}
    pairs = [word for word in words if word not in flags]
    given = dict(zip(pairs[::2], pairs[1::2]))
    queues = [value for name, value in zip(pairs[::2], pairs[1::2]) if name == "--queue"]
    with open(
        os.path.join(os.path.dirname(sys.argv[0]), "behaviour.json"), encoding="utf-8"
    ) as file:
        behaviour = json.load(file)
    cells = behaviour["cells"]
    if "--list" in flags:
        listed = [
            {
                "queue": queue,
                "point": point,
                **({} if queue in cells else {"why_not": "no such queue"}),
            }
            for queue in queues
            for point in POINTS
        ]
        print(json.dumps({"cells": listed, "context": {**CONTEXT, **behaviour.get("context", {})}}))
        return 0
    queue = cells[queues[0]]
    if "--pilot" in flags:
        print(
            json.dumps(
                {
                    "status": "ok",
                    "messages": 1000,
                    "warmup": 100,
                    "ns_per_step": 1.0,
                    "ns_per_msg": queue["ns"],
                }
            )
        )
        return 0
    if "signal" in queue:
        os.kill(os.getpid(), queue["signal"])
    if "hang" in queue:
        os.read(os.pipe()[0], 1)  # for ever: its other end is ours
    if "garbage" in queue:
        sys.exit("gate_trial: something odd")
    if "fault" in queue:
        print(json.dumps({"status": "failed", "why": queue["fault"]}))
        return 4
    if "void" in queue:
        for _ in sys.stdin:
            print(json.dumps({"status": "void", "why": "no window"}), flush=True)
        return 0
    for line in sys.stdin:
        print(json.dumps(trial(queue, queues[0], given, int(line))), flush=True)
    return 0


def trial(queue, name, given, number):
    # Noise that is a function of the trial and of what the gate's own random numbers gave it: even,
    # from -1 to 1, in standard deviations of 0.58.
    program = "/".join(sys.argv[0].split("/")[-2:])  # and not where the test has it
    key = f"{program} {given['--point']} {name} {number // TURNS} {len(os.environ['BQ_PADDING'])}"
    noise = (
        queue.get("spread", 0.01)
        * (zlib.crc32(zlib.crc32(key.encode()).to_bytes(4, "big")) / 2**31 - 1)
        / 0.58
    )
    swing = queue.get("swing", 0) * (1 if number // TURNS % 2 else -1)
    ns = (queue["ns"] + float(given.get("--extra-ns", 0))) * (1 + noise + swing)
    return {"status": "ok", "ns_per_msg": ns, "messages": 900, "window_ns": 900 * ns}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
