#!/usr/bin/env python3
"""What a supervisor in the background costs: memory, the time to restart a killed process, CPU while idle.

    tests/bench/supervisor.py build/src/service/supervise
"""

import json
import os
import pathlib
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

PROCESSES = 10
IDLE = 10  # seconds


def ask(state, question):
    with socket.socket(socket.AF_UNIX) as talk:
        talk.connect(str(state / "supervisor.sock"))
        talk.sendall(json.dumps(question).encode() + b"\n")
        answer = b""
        while not answer.endswith(b"\n"):
            answer += talk.recv(65536)
    return json.loads(answer)["states"]


def spec(state, name):
    # bash knows the time without a process of its own.
    line = f"echo $EPOCHREALTIME >>{state}/{name}.began; exec sleep 1000"
    return {"name": name, "argv": ["/bin/bash", "-c", line], "environment": ["PATH=/usr/bin:/bin", "LC_ALL=C"],
            "directory": "/", "log": f"{state}/logs/{name}.log"}


def begins(state, name, count):
    while True:
        times = (state / f"{name}.began").read_text().split() if (state / f"{name}.began").exists() else []
        if len(times) == count:
            return float(times[-1])
        time.sleep(0.001)


def field(pid, name):
    lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if name in line.split(":")[0])


def ticks(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])


def report(supervisor, state):
    names = [f"p{number}" for number in range(PROCESSES)]
    states = ask(state, {"command": "start", "services": [spec(state, name) for name in names]})
    restarts = []
    for each in states:
        begins(state, each["name"], 1)
        killed = time.time()
        os.kill(each["pid"], signal.SIGKILL)
        restarts.append(1000 * (begins(state, each["name"], 2) - killed))
    print(f"restart of a killed process: median {statistics.median(restarts):.1f} ms, longest {max(restarts):.1f} ms")
    print(f"memory with {PROCESSES} processes: {field(supervisor.pid, 'VmRSS')} kB, {field(supervisor.pid, 'RssAnon')} "
          "of its own")
    time.sleep(3)  # logs that were written to are looked at once more
    before = ticks(supervisor.pid), field(supervisor.pid, "ctxt_switches")
    time.sleep(IDLE)
    after = ticks(supervisor.pid), field(supervisor.pid, "ctxt_switches")
    print(f"idle for {IDLE} s: {after[0] - before[0]} ticks of CPU, woken {after[1] - before[1]} times")


def measure(program, state):
    (state / "logs").mkdir()
    with subprocess.Popen([program, state], stdout=subprocess.PIPE) as supervisor:
        try:
            if supervisor.stdout.readline() != b"ready\n":
                sys.exit("the supervisor does not begin")
            report(supervisor, state)
        finally:
            supervisor.terminate()  # and its processes with it


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        measure(sys.argv[1], pathlib.Path(scratch))
