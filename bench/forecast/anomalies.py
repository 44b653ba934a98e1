"""Anomaly scores: the Numenta benchmark by its own scoring, and planted anomalies."""

import csv
import json
import math
import subprocess
from pathlib import Path

# The standard profile.
FALSE_POSITIVE = 0.11
# Of the series in which anomalies are planted.
SEED = 20261128


def judged(runner, path):
    answer = subprocess.run([runner, "detect", path], capture_output=True, text=True, check=True)
    rows = list(csv.DictReader(answer.stdout.splitlines()))
    return rows, float(answer.stderr.split()[-1])


def sigmoid(x):
    return -1.0 if x > 3 else 2 / (1 + math.exp(5 * x)) - 1


def points(times, scores, windows):
    """(score, worth, window) of each row after the probation, as the benchmark's sweeper has it."""
    probation = min(math.floor(0.15 * len(times)), 750)
    windows, now, before, found = list(windows), None, None, []
    for row, (time, score) in enumerate(zip(times, scores)):
        if windows and time == windows[0][0]:
            first, last = windows.pop(0)
            right = times.index(last)
            now = (first, right, right - times.index(first) + 1)
        if now:
            worth = sigmoid(-(now[1] - row + 1) / now[2]) / sigmoid(-1)
        else:
            worth = FALSE_POSITIVE * (sigmoid((row - before[0]) / (before[1] - 1)) if before else -1.0)
        if row >= probation:
            found.append((score, worth, now[0] if now else None))
        if now and row == now[1]:
            before, now = (now[1], now[2]), None
    return found


def standard(files, threshold=None):
    """The score of one threshold, or of the best one, as the published scores are."""
    rows = [(s, w, (name, window) if window else None) for name, found in files.items() for s, w, window in found]
    rows.sort(key=lambda row: -row[0])
    windows = {row[2]: -1.0 for row in rows if row[2]}
    total, false = -float(len(windows)), 0
    best = (total, math.inf, 0, 0)
    for number, (score, worth, window) in enumerate(rows):
        if threshold is not None and score < threshold:
            break
        if window is None:
            total, false = total + worth, false + 1
        elif worth > windows[window]:
            total, windows[window] = total + worth - windows[window], worth
        last = number + 1 == len(rows) or rows[number + 1][0] != score
        if last and (threshold is not None or total > best[0]):
            best = (total, score, sum(worth > -1 for worth in windows.values()), false)
    return {
        "score": 100 * (best[0] + len(windows)) / (2 * len(windows)),
        "threshold": best[1], "found": best[2], "windows": len(windows), "false": best[3],
    }


def numenta(runner, folder):
    labels = json.loads((folder / "windows.json").read_text())
    files, rows, seconds = {}, 0, 0.0
    for name, windows in labels.items():
        answer, took = judged(runner, folder / name)
        # Times are the file's own, so that they are those of the labels.
        times = [line.split(",")[0] for line in (folder / name).read_text().splitlines()[1:]]
        labelled = [(first[:19], last[:19]) for first, last in windows]
        files[name] = points([t[:19] for t in times], [float(row["score"]) for row in answer], labelled)
        rows, seconds = rows + len(times), seconds + took
    return {
        "files": len(files), "best": standard(files), "default": standard(files, 0.5),
        "microseconds": 1e6 * seconds / rows,
    }


def planted(runner):
    """Tables of the example `planted`, which is built beside the runner."""
    answer = subprocess.run([Path(runner).with_name("planted"), str(SEED)], capture_output=True, text=True, check=True)
    return answer.stdout.splitlines()
