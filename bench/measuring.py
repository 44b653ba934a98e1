"""Runs a job and says what the operating system counted for it."""

import os
import statistics
import subprocess
import time
from pathlib import Path


class Failed(Exception):
    """A job ended badly."""


def measured(command, cores, log, **variables):
    """Runs a command to its end: wall seconds, CPU seconds, peak bytes.

    `variables` are added to its environment.
    """
    os.sync()
    with open(log, "wb") as output:
        started = time.perf_counter()
        process = subprocess.Popen(
            [str(part) for part in command],
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **variables},
            preexec_fn=lambda: os.sched_setaffinity(0, cores),
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        said = Path(log).read_text(errors="replace")[-2000:]
        raise Failed(f"{' '.join(map(str, command))}\nended with {process.returncode}:\n{said}")
    return {
        "wall": wall,
        "cpu": usage.ru_utime + usage.ru_stime,
        "peak": usage.ru_maxrss * 1024,
    }


def in_turn(steps):
    """One job of several processes, one after the other: seconds add up, the largest peak counts."""
    return {
        "wall": sum(step["wall"] for step in steps),
        "cpu": sum(step["cpu"] for step in steps),
        "peak": max(step["peak"] for step in steps),
    }


def summary(runs):
    best = min(runs, key=lambda run: run["wall"])
    median = statistics.median(run["wall"] for run in runs)
    return {**best, "median": median, "peak": max(run["peak"] for run in runs)}
