"""`smelt serve` under load: 100 clients that keep their connections and ask as fast as they are answered.

    python bench/api.py --smelt PATH_OF_BINARY [--lake FOLDER] [--seconds 20] [--clients 100] [--save]

The load tool is wrk, on the same cores as the server: it takes its part of them. Clients wait for an answer
before they ask again, so that the times shown are those of a machine that is fully busy; with fewer clients each
answer comes sooner. CPU seconds and peak memory are the server's, as Linux counts them.
"""

import argparse
import datetime
import http.client
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from api_questions import Questions
from measuring import Failed
from report import MEGA, cpu_model, markdown_table, version_of_smelt

HERE = Path(__file__).parent
AIM_MS = 50
WARM_UP_S = 5
STARTS = 5
REPEATED = 300
# So many that none comes twice: more than this in a second are not expected.
MOST_PER_SECOND = 8_000
TICKS = os.sysconf("SC_CLK_TCK")


class Server:
    """`smelt serve` on a lake; ends with the block."""

    def __init__(self, smelt, lake, memory):
        self.command = [smelt, "--quiet", "--lake", lake, "--datasets", HERE.parent / "datasets"]
        self.command += ["--memory", memory, "serve", "--port", "0"]

    def __enter__(self):
        self.process = subprocess.Popen(
            [str(part) for part in self.command], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        for line in self.process.stdout:
            if found := re.match(r"API\s+http://(\S+)/docs", line):
                self.address = found[1]
                self.connection = http.client.HTTPConnection(self.address, timeout=60)
                return self
        raise Failed(f"{' '.join(map(str, self.command))}\ndid not start")

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()

    def get(self, target):
        """The answer and its tag."""
        self.connection.request("GET", target)
        answer = self.connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise Failed(f"GET {target}: {answer.status} {body[:500]}")
        return json.loads(body), answer.headers["ETag"]

    def cpu(self):
        """Seconds of all threads, inside and in the kernel."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def peak(self):
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) * 1024


def load(server, file, first, order, seconds, clients):
    """What wrk says of so many seconds, and the CPU seconds that the server took."""
    before = server.cpu()
    # One thread: it is not what takes the time, and there are no more cores than the server needs.
    command = ["wrk", "--threads", 1, "--connections", clients, "--duration", f"{seconds}s", "--timeout", "10s"]
    command += ["--script", HERE / "api_load.lua", f"http://{server.address}", "--", file, first, order]
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    found = re.search(r"^RESULT (.*)$", done.stdout, re.M)
    if done.returncode != 0 or not found:
        raise Failed(f"{' '.join(map(str, command))}\nended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return {**json.loads(found[1]), "cpu": server.cpu() - before}


def values(server, column):
    target = f"/v1/datasets/nyc311/marts/daily_requests?group={column}&aggregate=count&limit=10000"
    return [row[column] for row in server.get(target)[0]["rows"]]


def starts(options, lake, target):
    """Milliseconds from the start of the process to its first answer about a mart, each time."""
    times = []
    for _ in range(STARTS):
        started = time.perf_counter()
        with Server(options.smelt.resolve(), lake, options.memory) as server:
            server.get(target)
            times.append((time.perf_counter() - started) * 1000)
    return times


def measure(options, lake, scratch):
    """Figures by kind of load, the times of starts, and the peak of the server."""
    figures = {}
    with Server(options.smelt.resolve(), lake, options.memory) as server:
        questions = Questions(*(values(server, each) for each in ["date", "borough", "complaint_type"]))
        repeated = questions.draw(REPEATED)
        warm_up = questions.draw(WARM_UP_S * MOST_PER_SECOND)
        once = [*warm_up, *questions.draw(options.seconds * MOST_PER_SECOND)]
        tags = [server.get(target)[1] for target in repeated]
        kinds = [
            ("different questions", once, "once"),
            (f"{REPEATED} questions, again and again", repeated, "again"),
            ("the same, known by the client (304)", list(map("\t".join, zip(repeated, tags))), "again"),
        ]
        for name, lines, order in kinds:
            file = scratch / "questions"
            file.write_text("\n".join(lines) + "\n")
            load(server, file, 0, order, WARM_UP_S, options.clients)
            first = len(warm_up) if order == "once" else 0
            figures[name] = load(server, file, first, order, options.seconds, options.clients)
        peak = server.peak()
    return figures, starts(options, lake, repeated[0]), peak


def report(options, figures, times, peak):
    cores = os.cpu_count()
    lines = [f"{cores} cores of {cpu_model()}, shared by the server and the load tool (wrk)"]
    if os.getloadavg()[0] > cores + 2:
        lines.append(f"THE MACHINE IS BUSY (load {os.getloadavg()[0]:.1f}), also with what else runs on it")
    lines.append(f"{version_of_smelt(options.smelt)} serve (--memory {options.memory}), on the lake of `smelt demo`")
    lines.append(f"{options.clients} clients, {options.seconds} s each after {WARM_UP_S} s to get warm")
    head = ["", "requests/s", "p50 ms", "p90 ms", "p99 ms", "most ms", "errors", "MB/s", "CPU s", "CPU µs/request"]
    body = []
    for name, it in figures.items():
        seconds = it["us"] / MEGA
        milliseconds = [f"{it[each] / 1000:.1f}" for each in ("p50", "p90", "p99", "most")]
        body.append([
            name,
            f"{it['requests'] / seconds:,.0f}",
            *milliseconds,
            f"{it['errors']:,}",
            f"{it['bytes'] / seconds / MEGA:.0f}",
            f"{it['cpu']:.1f}",
            f"{it['cpu'] / it['requests'] * MEGA:,.0f}",
        ])
    lines += ["", *markdown_table(head, body), ""]
    lines.append(f"peak memory of the server: {peak / MEGA:,.0f} MB")
    median = statistics.median(times)
    of = f"median of {len(times)}, worst {max(times):.0f}"
    lines.append(f"from the start to the first answer: {median:.0f} ms ({of})")
    return lines


def missed(figures):
    """What is not as it should be, as lines of text."""
    lines = []
    for name, it in figures.items():
        if it["errors"]:
            lines.append(f"{name}: {it['errors']} of {it['requests']} requests went wrong")
        if it["p99"] > AIM_MS * 1000:
            lines.append(f"{name}: p99 is {it['p99'] / 1000:.1f} ms, more than {AIM_MS}")
    return lines


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--smelt", type=Path, required=True, help="the binary, a release build")
    parser.add_argument("--lake", type=Path, help="a demo lake; made anew if not given")
    parser.add_argument("--seconds", type=int, default=20, help="for each kind of load")
    parser.add_argument("--clients", type=int, default=100)
    parser.add_argument("--memory", default="512M", help="smelt's --memory")
    parser.add_argument("--save", action="store_true", help="also write bench/results/<date>-api.md")
    return parser.parse_args()


def main():
    options = arguments()
    with tempfile.TemporaryDirectory(prefix="smelt-bench-api-") as scratch:
        lake = options.lake or Path(scratch) / "lake"
        try:
            if not options.lake:
                demo = [options.smelt, "--quiet", "--lake", lake, "--datasets", HERE.parent / "datasets", "demo"]
                subprocess.run([str(part) for part in demo], check=True, stdout=subprocess.DEVNULL)
            figures, times, peak = measure(options, lake, Path(scratch))
        except (Failed, subprocess.CalledProcessError) as error:
            sys.exit(f"bench: {error}")
    lines = report(options, figures, times, peak)
    print("\n".join(lines))
    if options.save:
        target = HERE / "results" / f"{datetime.date.today()}-api.md"
        target.parent.mkdir(exist_ok=True)
        title = "# The API under load, measured\n\n`make bench-api` wrote this.\n\n"
        target.write_text(title + "\n".join(lines) + "\n")
        print(f"\nwritten to {target.relative_to(HERE.parent)}")
    if problems := missed(figures):
        sys.exit("\nbench: " + "\n       ".join(problems))


if __name__ == "__main__":
    main()
