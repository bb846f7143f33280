#!/usr/bin/env python3
"""Runs scenarios through the core (otp-driver) and through the real Erlang/OTP, and compares what happened.

  against_otp.py --driver PROGRAM --peer DIRECTORY [--count N] [--seed N] [--seconds N] [--vectors DIRECTORY]

Random scenarios are numbered SEED, SEED+1, ... (SIMPLEVISOR_SEED, or 1, when --seed is not given), so
that a number alone repeats its scenario. A scenario that goes different ways is run twice more, because
graces of real processes are real time and a machine that stands still for seconds makes OTP kill somebody who
was about to leave. If it differs each time, it is made smaller until nothing can be left out, and printed.
With --vectors the recorded scenarios are run instead, and the peer is held against what was recorded.
Exit: 0 all the same, 1 a difference, 2 a program that does not answer.
"""

import argparse
import copy
import json
import os
import pathlib
import queue
import subprocess
import sys
import threading
import time

import random_scenarios

COMPARED = ("result", "root", "nodes", "events")
ANSWER_SECONDS_MAX = 120
WINDOW = 200  # scenarios under way at a time


class Program:
    """One scenario a line in, one result a line out."""

    def __init__(self, command):
        self.command = command
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=dict(os.environ, ERL_CRASH_DUMP_SECONDS="0"),
        )
        self.answers = queue.Queue()
        self.early = {}
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self.answers.put(json.loads(line))
        self.answers.put(None)

    def ask(self, scenario):
        self.process.stdin.write(json.dumps(scenario, separators=(",", ":")) + "\n")

    def answer(self, name):
        self.process.stdin.flush()
        while name not in self.early:
            try:
                result = self.answers.get(timeout=ANSWER_SECONDS_MAX)
            except queue.Empty:
                result = None
            if result is None:
                print(f"{self.command[0]} does not answer: {name}", file=sys.stderr)
                sys.exit(2)
            self.early[result["id"]] = result
        return self.early.pop(name)

    def end(self):
        self.process.stdin.close()
        self.process.wait()


def instances_of(scenario):
    """The simple_one_for_one supervisor of each instance."""
    found = {}
    for step in scenario["steps"]:
        for asked in (step, step.get("then", {})):
            if "instance" in asked:
                found[asked["instance"]] = asked["sup"]
    return found


def without_order(events, instances):
    """Instances stop in no defined order: neighbouring stops of one supervisor's instances are sorted."""
    ordered, run = [], []

    def close():
        ordered.extend(sorted(run))
        run.clear()

    for event in events:
        parent = instances.get(event[1]) if event[0] == "stop" else None
        if not parent or (run and instances[run[0][1]] != parent):
            close()
        (run if parent else ordered).append(event)
    close()
    return ordered


def comparable(scenario, result):
    if "error" in result:
        return {"error": result["error"]}
    instances = instances_of(scenario)
    keys = scenario.get("compare", COMPARED)

    def relevant(snapshot):
        if snapshot is None:
            return None
        kept = {key: snapshot[key] for key in keys if key in snapshot}
        if "events" in kept:
            kept["events"] = without_order(kept["events"], instances)
        return kept

    return {
        "start": relevant(result["start"]),
        "steps": [relevant(step) for step in result["steps"]],
        "final": relevant(result["final"]),
    }


def smaller(scenario):
    """Every scenario that is this one with something left out."""

    def without(path_to_list, index):
        made = copy.deepcopy(scenario)
        target = made
        for key in path_to_list:
            target = target[key]
        del target[index]
        return made

    for index in reversed(range(len(scenario["steps"]))):
        yield without(["steps"], index)
    for number, step in enumerate(scenario["steps"]):
        if "then" in step:
            yield without(["steps", number], "then")
        if len(step.get("deaths", [])) > 1:
            for index in range(len(step["deaths"])):
                yield without(["steps", number, "deaths"], index)

    def below(node, path):
        if node.get("strategy") != "simple_one_for_one":
            for index, child in enumerate(node.get("children", [])):
                yield without(path + ["children"], index)
                yield from below(child, path + ["children", index])
        for key in ("start", "shutdown", "significant", "ignore_stop", "auto_shutdown"):
            if key in node and not (key == "shutdown" and "ignore_stop" in node):
                yield without(path, key)

    yield from below(scenario["root"], ["root"])


def shrink(scenario, differs):
    scenario = copy.deepcopy(scenario)
    scenario["id"] = f"{scenario['id']}-shrunk"
    going = True
    while going:
        going = False
        for candidate in smaller(scenario):
            if differs(candidate):
                scenario, going = candidate, True
                break
    return scenario


def show(scenario, core, otp):
    print(json.dumps(scenario))
    a, b = comparable(scenario, core), comparable(scenario, otp)
    if "error" in a or "error" in b:
        print("  core:", json.dumps(a)[:2000], "\n  otp: ", json.dumps(b)[:2000])
        return
    rows = [("start", a["start"], b["start"]), ("final", a["final"], b["final"])]
    rows[1:1] = [
        (f"step {n}", a["steps"][n] if n < len(a["steps"]) else None, b["steps"][n] if n < len(b["steps"]) else None)
        for n in range(max(len(a["steps"]), len(b["steps"])))
    ]
    for where, ours, theirs in rows:
        if ours == theirs:
            continue
        for key in COMPARED:
            left, right = (ours or {}).get(key), (theirs or {}).get(key)
            if left != right:
                print(f"  {where}, {key}\n    core: {json.dumps(left)}\n    otp:  {json.dumps(right)}")


def numbered(count, seed, seconds):
    end = time.monotonic() + seconds
    for number in range(seed, seed + count):
        if time.monotonic() > end:
            return
        yield random_scenarios.scenario(number)


def recorded(directory):
    for path in sorted(pathlib.Path(directory).glob("*.json")):
        yield json.loads(path.read_text())


def compare(scenarios, driver, otp):
    """Yields every scenario with its two results; a window of them is under way at a time."""
    under_way = []
    for scenario in scenarios:
        driver.ask(scenario)
        otp.ask(scenario)
        under_way.append(scenario)
        if len(under_way) >= WINDOW:
            first = under_way.pop(0)
            yield first, driver.answer(first["id"]), otp.answer(first["id"])
    for scenario in under_way:
        yield scenario, driver.answer(scenario["id"]), otp.answer(scenario["id"])


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--driver", required=True)
    options.add_argument("--peer", required=True, help="where otp_peer.beam is")
    options.add_argument("--count", type=int, default=300)
    options.add_argument("--seed", type=int, default=int(os.environ.get("SIMPLEVISOR_SEED", "1")))
    options.add_argument("--seconds", type=float, default=1e9)
    options.add_argument("--vectors")
    chosen = options.parse_args()

    driver = Program([chosen.driver])
    otp = Program(["erl", "-noinput", "+S", "2:2", "-pa", chosen.peer, "-run", "otp_peer", "main"])
    different = 0

    if chosen.vectors:
        vectors = {vector["scenario"]["id"]: vector for vector in recorded(chosen.vectors)}
        ran = 0
        suspected = []

        def as_recorded(who, scenario, result):
            expected = vectors[scenario["id"]]["expected"]
            if comparable(scenario, result) == comparable(scenario, expected):
                return True
            print(f"{who} and record differ:")
            show(scenario, result, expected)
            return False

        for scenario, ours, theirs in compare((v["scenario"] for v in vectors.values()), driver, otp):
            ran += 1
            different += not as_recorded("core", scenario, ours)
            if not as_recorded("peer", scenario, theirs):
                suspected.append(scenario)
        # The peer lives in real time: a machine that stands still for a second moves a restart out of its window.
        for scenario in suspected:
            for _ in range(2):
                otp.ask(scenario)
                if as_recorded("peer", scenario, otp.answer(scenario["id"])):
                    print(f"{scenario['id']} does not differ again: some process had too little time")
                    break
            else:
                different += 1
        print(f"{ran} recorded scenarios, {different} differences")
    else:
        began = time.monotonic()
        print(f"seed {chosen.seed}", flush=True)
        ran = steps = 0

        def differs(scenario):
            driver.ask(scenario)
            otp.ask(scenario)
            ours, theirs = driver.answer(scenario["id"]), otp.answer(scenario["id"])
            return comparable(scenario, ours) != comparable(scenario, theirs)

        suspected = []
        for scenario, ours, theirs in compare(numbered(chosen.count, chosen.seed, chosen.seconds), driver, otp):
            ran += 1
            steps += len(theirs.get("steps", []))
            if comparable(scenario, ours) != comparable(scenario, theirs):
                suspected.append(scenario)
                print(f"{scenario['id']} differs", flush=True)
        failed = []
        for scenario in suspected:
            if differs(scenario) and differs(scenario):
                failed.append(scenario)
            else:
                print(f"{scenario['id']} does not differ again: some process had too little time")
        different = len(failed)
        for scenario in failed[:5]:
            small = shrink(scenario, differs)
            for asked in (driver, otp):
                asked.ask(small)
            print(f"{scenario['id']}, made smaller:")
            show(small, driver.answer(small["id"]), otp.answer(small["id"]))
        took = time.monotonic() - began
        print(f"{ran} random scenarios, {steps} steps, {different} differences, {took:.1f} s")

    driver.end()
    otp.end()
    return 1 if different or not ran else 0


if __name__ == "__main__":
    sys.exit(main())
