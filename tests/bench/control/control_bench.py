#!/usr/bin/env python3
"""What administrators cost, and whether they notice the load: status of large trees, restarts while everybody looks and
writes, events as fast as they come.

usage: control_bench.py --simplevisor PROGRAM --worker BENCH_WORKER --events EVENTS_BENCH [--quick] [--json FILE]

Times of restarts are the workers' own: each says in a beacon when it began to run (tests/bench/beacon.h). Quiet and loaded
restarts alternate in blocks within one run, so that both meet the same machine.
"""
import argparse
import json
import os
import pathlib
import shutil
import signal
import socket
import statistics
import struct
import subprocess
import tempfile
import threading
import time

parser = argparse.ArgumentParser()
parser.add_argument("--simplevisor", required=True)
parser.add_argument("--worker", required=True)
parser.add_argument("--events", required=True)
parser.add_argument("--quick", action="store_true")
parser.add_argument("--json")
options = parser.parse_args()
SIMPLEVISOR = os.path.abspath(options.simplevisor)
WORKER = os.path.abspath(options.worker)
EVENTS = os.path.abspath(options.events)
results = {}


class Supervisor:
    """One supervisor with its own directory, from its start to its end."""

    def __init__(self, toml):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="control-bench-", dir="/dev/shm"))
        (self.dir / "tree.toml").write_text(
            '[simplevisor]\nname = "bench"\nstate_dir = "state"\n' + toml.replace("@DIR@", str(self.dir)))
        self.log = open(self.dir / "log", "w")
        self.process = subprocess.Popen([SIMPLEVISOR, "--conf", self.dir / "tree.toml", "start"], stdout=self.log,
                                        stderr=self.log, stdin=subprocess.DEVNULL)

    @property
    def socket(self):
        return str(self.dir / "state" / "control.sock")

    def up(self):
        while subprocess.run([SIMPLEVISOR, "--conf", self.dir / "tree.toml", "check"], stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL).returncode != 0:
            if self.process.poll() is not None:
                raise SystemExit("the supervisor ended:\n" + (self.dir / "log").read_text()[-2000:])
            time.sleep(0.05)

    def settle(self):
        """Waits until it has nothing to do: logs of a loud time are compressed for a while after it."""
        used, before = self.processor_ticks(), None
        while used != before:
            time.sleep(0.3)
            before, used = used, self.processor_ticks()

    def processor_ticks(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return int(fields[11]) + int(fields[12])

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()
        shutil.rmtree(self.dir)


def connect(path):
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(path)
    return connection


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def status(nodes, limit_ms):
    """`simplevisor status` from the start of its process to its end."""
    tree = Supervisor(f'[supervisor.root]\nchildren = ["jobs"]\n[pool.jobs]\nsize = {nodes}\nordered = false\n'
                      'command = ["/bin/sleep", "100000"]\nstdout = "null"\nstderr = "null"\n')
    tree.up()
    times = []
    for _ in range(3 if options.quick else 15):
        begin = time.monotonic_ns()
        subprocess.run([SIMPLEVISOR, "--conf", tree.dir / "tree.toml", "status"], stdout=subprocess.DEVNULL, check=True)
        times.append((time.monotonic_ns() - begin) / 1e6)
    tree.end()
    results[f"status_{nodes}_ms"] = statistics.median(times)
    print(f"status of {nodes:6} nodes: {statistics.median(times):7.1f} ms (asked: below {limit_ms})", flush=True)


class Load:
    """50 clients that poll, 20 that follow; the 100 workers that write are part of the tree, held while it is quiet."""

    def __init__(self, tree, pollers=50, followers=20):
        self.tree, self.running = tree, True
        self.threads = [threading.Thread(target=self.poll) for _ in range(pollers)]
        self.followers = [connect(tree.socket) for _ in range(followers)]
        for follower in self.followers:
            follower.sendall(b"GET /v1/events?follow=true&last=1 HTTP/1.1\r\nHost: a\r\n\r\n")
        self.reader = threading.Thread(target=self.read)
        self.polls = self.bytes = 0
        for thread in [*self.threads, self.reader]:
            thread.start()

    def poll(self):
        connection = connect(self.tree.socket)
        while self.running:
            connection.sendall(b"GET /v1/status HTTP/1.1\r\nHost: a\r\n\r\n")
            answer = b""
            while b"\r\n\r\n" not in answer:
                answer += connection.recv(65536)
            head, _, body = answer.partition(b"\r\n\r\n")
            left = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0]) - len(body)
            while left > 0:
                left -= len(connection.recv(min(left, 1 << 20)))
            self.polls += 1
            time.sleep(1)  # a page or a monitoring system that looks once a second
        connection.close()

    def read(self):
        for follower in self.followers:
            follower.settimeout(0.05)
        while self.running:
            for follower in self.followers:
                try:
                    self.bytes += len(follower.recv(1 << 16))
                except TimeoutError:
                    pass

    def end(self):
        self.running = False
        for thread in [*self.threads, self.reader]:
            thread.join()
        for follower in self.followers:
            follower.close()


def restarts_under_load():
    blocks, kills = (2, 30) if options.quick else (6, 100)
    tree = Supervisor(f'''
[supervisor.root]
intensity = 100000
children = ["victim", "writers"]
[worker.victim]
command = ["{WORKER}", "@DIR@/beacons:1:s"]
stdout = "null"
stderr = "null"
[pool.writers]
size = 100
command = ["/usr/bin/yes", "a line that somebody writes as fast as it can"]
''')
    os.mkfifo(tree.dir / "beacons")
    beacons = os.open(tree.dir / "beacons", os.O_RDWR)
    command = [SIMPLEVISOR, "--conf", tree.dir / "tree.toml"]
    _, pid, _ = struct.unpack("<qii", os.read(beacons, 16))
    tree.up()
    subprocess.run([*command, "stop", "writers"], stdout=subprocess.DEVNULL, check=True)
    quiet, loaded = [], []
    for block in range(2 * blocks):
        load = None
        if block % 2:
            subprocess.run([*command, "start", "writers"], stdout=subprocess.DEVNULL, check=True)
            load = Load(tree)
        else:
            tree.settle()
        for _ in range(kills):
            time.sleep(0.01)
            begin = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
            os.kill(pid, signal.SIGKILL)
            sent, pid, _ = struct.unpack("<qii", os.read(beacons, 16))
            (loaded if load else quiet).append((sent - begin) / 1e6)
        if load:
            load.end()
            subprocess.run([*command, "stop", "writers"], stdout=subprocess.DEVNULL, check=True)
    tree.end()
    for name, share in (("p50", 0.5), ("p99", 0.99)):
        a, b = percentile(quiet, share), percentile(loaded, share)
        results[f"restart_{name}"] = {"quiet_ms": a, "loaded_ms": b, "ratio": b / a}
        print(f"restart {name}: quiet {a:.3f} ms, loaded {b:.3f} ms, ratio {b / a:.2f}"
              + (" (asked: at most 1.5)" if name == "p99" else ""), flush=True)


def events(per_second=10_000, seconds=10):
    """Events as fast as asked, through recorder and server, to 20 who read and one who does not."""
    run = subprocess.run([EVENTS, "--rate", str(per_second), "--seconds", str(seconds)], stdout=subprocess.PIPE, check=True)
    found = results["events"] = {"per_second": per_second, **json.loads(run.stdout)}
    print(f"events: {per_second} a second for {seconds} s to each of 20 readers; of {found['events']} each got at least "
          f"{found['fewest_read']}, dropped {found['dropped']}, with gaps {found['with_gaps']} (asked: none); who did not read "
          f"{'was told' if found['sleeper_told'] else 'WAS NOT TOLD'}", flush=True)


status(500, 50)
status(10_000, 500)
restarts_under_load()
events()
if options.json:
    pathlib.Path(options.json).write_text(json.dumps(results, indent=1) + "\n")
