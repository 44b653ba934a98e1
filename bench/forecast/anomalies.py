"""Anomaly scores: the Numenta benchmark by its own scoring, and planted anomalies."""

import csv
import json
import math
import subprocess

import numpy as np

# The standard profile.
FALSE_POSITIVE = 0.11
KINDS = ["spike", "drop", "shift", "outage", "drift"]
LENGTH, BEGIN = 2_400, 1_800


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


def series(kind, seed):
    """An hourly series with a day, a week, noise that hangs together, and one anomaly at BEGIN."""
    chance = np.random.default_rng(seed)
    hours = np.arange(LENGTH)
    noise = np.zeros(LENGTH)
    for hour in range(1, LENGTH):
        noise[hour] = 0.5 * noise[hour - 1] + chance.normal(0, 4)
    day = 30 * np.sin(2 * np.pi * (hours % 24) / 24 + chance.uniform(0, 6))
    week = np.where(hours % 168 >= 120, -20.0, 0.0)
    values = chance.uniform(120, 300) + day + week + noise
    if kind == "spike":
        values[BEGIN] += 80
    elif kind == "drop":
        values[BEGIN] -= 80
    elif kind == "shift":
        values[BEGIN:] += 50
    elif kind == "outage":
        values[BEGIN : BEGIN + 12] = 0
    elif kind == "drift":
        values[BEGIN:] += np.minimum(0.6 * np.arange(LENGTH - BEGIN), 120)
    return values


def planted(runner, folder, seeds=40):
    """By kind: the share found, false alarms in a thousand hours before, the median delay in hours."""
    late = {"spike": 2, "drop": 2, "shift": 24, "outage": 12, "drift": 200}
    answer = {}
    for kind in KINDS:
        found, delays, false, right = 0, [], 0, 0
        for seed in range(seeds):
            path = folder / "planted.csv"
            times = np.datetime64("2024-01-01T00:00:00") + np.arange(LENGTH) * np.timedelta64(1, "h")
            with open(path, "w") as file:
                file.write("timestamp,value\n")
                for time, value in zip(times, series(kind, seed)):
                    file.write(f"{str(time).replace('T', ' ')},{value:.3f}\n")
            rows, _ = judged(runner, path)
            alarms = [n for n, row in enumerate(rows) if float(row["score"]) >= 0.5]
            hits = [n for n in alarms if BEGIN <= n < BEGIN + late[kind]]
            # The first week is for learning.
            false += sum(168 <= n < BEGIN for n in alarms)
            right += min(len(hits), 1)
            if hits:
                found += 1
                delays.append(hits[0] - BEGIN)
        answer[kind] = {
            "recall": found / seeds,
            "precision": right / max(right + false, 1),
            "false_per_1000": 1000 * false / (seeds * (BEGIN - 168)),
            "delay": float(np.median(delays)) if delays else None,
        }
    return answer
