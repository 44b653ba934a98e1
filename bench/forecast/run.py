"""Forecasts and anomaly scores against statsforecast, Prophet and the published scores.

    run.py --data FOLDER --runner EXECUTABLE [--sets nn5,pizza] [--cores 1] [--again] [--save docs/forecast.md]

Peers are slow: their forecasts are kept by version, set and cores; --again computes them anew, and
--no-peers leaves them out unless they are kept.
"""

import argparse
import os
import platform
import resource
import subprocess
import tempfile
from importlib.metadata import version
from io import StringIO
from pathlib import Path

import pandas as pd

import anomalies
import peers
import scores
import sets

AIMS = {"m4_weekly": 0.80, "nn5": 0.64, "noise_daily": 0.82, "pizza": 0.59}
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"


def ours(data, runner, folder, cores):
    path = folder / f"{data.name}.csv"
    data.frame.to_csv(path, index=False)
    # Processor time, so that what else the machine does is not measured.
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    answer = subprocess.run(
        [runner, "windows", path, str(data.horizon), str(data.windows)],
        capture_output=True, text=True, check=True, env={**os.environ, "RAYON_NUM_THREADS": str(cores)},
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    seconds = spent / (data.frame.unique_id.nunique() * data.windows)
    frame = pd.read_csv(StringIO(answer.stdout), parse_dates=["ds"])
    frame.unique_id = frame.unique_id.astype(data.frame.unique_id.dtype)
    return frame, seconds


def kept(data, name, cores, cache):
    package = "prophet" if name == "Prophet" else "statsforecast"
    stem = f"{data.name}-{data.hash()}-{name}-{package}-{version(package)}-{cores}"
    return (cache / f"{stem}.json").exists()


def line(name, found, seconds, fastest):
    share = [f"{100 * found[key]:.1f} %" if found[key] is not None else "" for key in ("coverage_80", "coverage_95")]
    ratio = fastest / seconds if fastest else None
    times = "" if ratio is None else f"{ratio:.0f} ×" if ratio >= 1 else f"{ratio:.2f} ×"
    return (f"| {name} | {found['smape']:.2f} | {found['mase']:.3f} | {found['owa']:.3f} | {share[0]} | {share[1]} "
            f"| {seconds:.4f} | {times} |")


def forecasts(arguments, folder, cache):
    lines = []
    for data in sets.load(arguments.data, arguments.sets):
        rows = []
        frame, seconds = ours(data, arguments.runner, folder, arguments.cores)
        rows.append(("**smelt**", scores.score(data, frame), seconds))
        for name in peers.NAMES:
            if peers.takes_too_long(data, name):
                continue
            if arguments.no_peers and not kept(data, name, arguments.cores, cache):
                continue
            frame, seconds = peers.forecasts(data, name, arguments.cores, cache, arguments.again)
            found = scores.score(data, frame)
            rows.append((name if name != "AutoARIMA" else f"AutoARIMA ({found['series']} series)" if data.windows == 1 else name, found, seconds))
        ets = next((seconds for name, _, seconds in rows if name == "AutoETS"), None)
        aim = f"; aim: OWA ≤ {AIMS[data.name]}" if data.name in AIMS else ""
        first = rows[0][1]
        lines += [
            "", f"### {data.name}", "",
            f"{data.frame.unique_id.nunique()} series, horizon {data.horizon}, {data.windows} windows{aim}. "
            f"Naive2: sMAPE {first['naive2_smape']:.3f}, MASE {first['naive2_mase']:.3f}.", "",
            "| | sMAPE | MASE | OWA | in 80 % | in 95 % | s a series | of AutoETS' speed |",
            "|---|---:|---:|---:|---:|---:|---:|---:|",
        ]
        rest = sorted(rows[1:], key=lambda row: row[1]["owa"])
        lines += [line(name, found, seconds, ets) for name, found, seconds in [rows[0], *rest]]
        print("\n".join(lines[-len(rows) - 6:]), flush=True)
    return lines


# Values known, steps ahead, places in each series.
SHORT = [(10, 7, 3), (20, 7, 3), (28, 7, 3), (60, 7, 3), (60, 1, 5), (200, 1, 5), (200, 2, 5)]


def short_histories(arguments, folder):
    """Intervals where little is known: each series of NN5 by itself, cut short."""
    path = folder / "nn5.csv"
    (data,) = sets.load(arguments.data, ["nn5"])
    data.frame.to_csv(path, index=False)
    lines = ["", "### Short histories and short horizons", "",
             "Each series of NN5 alone, cut to so many values at 3 or 5 places.", "",
             "| values | steps ahead | values judged | in 80 % | in 95 % |", "|---:|---:|---:|---:|---:|"]
    for length, horizon, places in SHORT:
        answer = subprocess.run(
            [Path(arguments.runner).with_name("coverage"), path, str(length), str(horizon), str(places)],
            capture_output=True, text=True, check=True, env={**os.environ, "FREQ": "D"})
        _, _, judged, in_80, in_95, _ = answer.stdout.strip().split(",")
        lines.append(f"| {length} | {horizon} | {judged} | {in_80} % | {in_95} % |")
    print("\n".join(lines), flush=True)
    return lines


def detection(arguments):
    found = anomalies.numenta(arguments.runner, arguments.data / "series" / "nab")
    best, default = found["best"], found["default"]
    lines = [
        "", "### Numenta Anomaly Benchmark", "",
        f"{found['files']} files, standard profile, {found['microseconds']:.0f} µs a row.", "",
        "| threshold | score | windows found | false alarms |", "|---|---:|---:|---:|",
    ]
    for name, one in ((f"the best, {best['threshold']:.3f}", best), ("the default, 0.5", default)):
        lines.append(f"| {name} | {one['score']:.1f} | {one['found']} of {one['windows']} | {one['false']} |")
    lines += ["", "### Planted anomalies", "", *anomalies.planted(arguments.runner)]
    print("\n".join(lines), flush=True)
    return lines


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--runner", required=True)
    parser.add_argument("--sets", type=lambda text: text.split(","))
    parser.add_argument("--cores", type=int, default=1)
    parser.add_argument("--again", action="store_true")
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument("--no-anomalies", action="store_true")
    parser.add_argument("--save", type=Path)
    arguments = parser.parse_args()
    if not (arguments.data / "series").is_dir():
        print(f"bench-forecast: skipped, there is no folder {arguments.data}/series")
        return
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "smelt" / "bench-forecast-peers"
    with tempfile.TemporaryDirectory() as folder:
        lines = forecasts(arguments, Path(folder), cache)
        if not arguments.sets:
            lines += short_histories(arguments, Path(folder))
        if not arguments.no_anomalies:
            lines += detection(arguments)
    versions = ", ".join(f"{name} {version(name)}" for name in ("statsforecast", "prophet", "pandas"))
    lines = [f"Python {platform.python_version()}, {versions}; {arguments.cores} core of {platform.machine()}.", *lines]
    if arguments.save:
        page = arguments.save.read_text()
        before, after = page[: page.index(BEGIN) + len(BEGIN)], page[page.index(END) :]
        arguments.save.write_text("\n".join([before, *lines, after]))


if __name__ == "__main__":
    main()
