"""Packs functions into zips for AWS Lambda, the same source always into the same bytes, and checks them.

    package.py --built FOLDER --out FOLDER --glibc 2.34 --architecture x86_64 FUNCTION…

A zip holds the binary as `bootstrap` and the datasets' definitions. It is refused when it is larger than its
budget, is for another processor, asks for a newer C library than Lambda has, or could not answer an error after
a panic. Beside it `<function>.architecture` says what it was built for, which Terraform asks.
"""

import argparse
import hashlib
import re
import subprocess
import sys
import zipfile
from pathlib import Path

# Functions with the SQL engine inside, and the others: megabytes of the zip.
# `train` publishes forecasts and writes reports, `api` looks up the row that a correction is about.
WITH_ENGINE = {"silver", "gold", "train", "api", "maintain"}
BUDGET_MB = {True: 45, False: 20}
# The processor in the head of a binary (ELF), as Lambda calls it.
MACHINES = {62: "x86_64", 183: "arm64"}
# Lambda unpacks at most so much.
UNPACKED_MB = 250
# Tables by which a panic finds its way back to the answer. The standard library alone has less; a binary that
# aborts has no more than that.
LEAST_UNWIND_BYTES = 100_000
# The earliest time that a zip can hold: no file's own time gets into it.
FIXED_TIME = (1980, 1, 1, 0, 0, 0)
MB = 1_000_000


def main() -> int:
    arguments = parse()
    problems = []
    print(f"{'FUNCTION':<10} {'ZIP MB':>7} {'BUDGET':>7} {'UNPACKED':>9} {'GLIBC':>6}  SHA-256")
    for function in arguments.functions:
        binary = arguments.built / function
        path = arguments.out / f"{function}.zip"
        unpacked = pack(binary, path)
        built_for = architecture(binary)
        (arguments.out / f"{function}.architecture").write_text(f"{built_for}\n")
        glibc = newest_glibc(binary)
        size, budget = path.stat().st_size / MB, BUDGET_MB[function in WITH_ENGINE]
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        print(f"{function:<10} {size:>7.1f} {budget:>7} {unpacked / MB:>9.1f} {glibc:>6}  {digest[:16]}")
        if size > budget:
            problems.append(f"{path.name} has {size:.1f} MB, {budget} MB are its budget")
        if unpacked > UNPACKED_MB * MB:
            problems.append(f"{path.name} unpacks to {unpacked / MB:.0f} MB, Lambda takes {UNPACKED_MB}")
        if built_for != arguments.architecture:
            problems.append(f"{path.name} is for {built_for}, not for {arguments.architecture}")
        if version(glibc) > version(arguments.glibc):
            problems.append(f"{path.name} needs GLIBC {glibc}, Lambda has {arguments.glibc}")
        if unwind_bytes(binary) < LEAST_UNWIND_BYTES:
            problems.append(f"{path.name} aborts when it panics, instead of answering an error")
    for problem in problems:
        print(f"lambda: {problem}", file=sys.stderr)
    return 1 if problems else 0


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--built", type=Path, required=True, help="folder with the binaries")
    parser.add_argument("--out", type=Path, required=True, help="folder for the zips")
    parser.add_argument("--glibc", required=True, help="newest version of the C library that may be needed")
    parser.add_argument("--architecture", required=True, choices=MACHINES.values(), help="what Lambda is to run it on")
    parser.add_argument("functions", nargs="+")
    return parser.parse_args()


def pack(binary: Path, path: Path) -> int:
    """Writes the zip and returns the bytes that it unpacks to."""
    definitions = sorted(file for file in Path("datasets").rglob("*") if file.is_file())
    unpacked = 0
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as packed:
        for name, file, mode in [("bootstrap", binary, 0o755), *((str(d), d, 0o644) for d in definitions)]:
            content = file.read_bytes()
            entry = zipfile.ZipInfo(name, FIXED_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # Unix: the mode counts.
            entry.external_attr = (0o100000 | mode) << 16
            packed.writestr(entry, content)
            unpacked += len(content)
    return unpacked


def architecture(binary: Path) -> str:
    """The processor that the binary is for."""
    with binary.open("rb") as file:
        head = file.read(20)
    if head[:4] != b"\x7fELF":
        return "no Linux"
    # The bytes 18 and 19, in the order of bytes that both processors have.
    machine = int.from_bytes(head[18:20], "little")
    return MACHINES.get(machine, f"the processor {machine}")


def newest_glibc(binary: Path) -> str:
    """The newest version of the C library that the binary asks for."""
    symbols = subprocess.run(["objdump", "-T", binary], capture_output=True, text=True, check=True).stdout
    versions = set(re.findall(r"GLIBC_([0-9.]+)", symbols))
    return max(versions, key=version, default="none")


def unwind_bytes(binary: Path) -> int:
    """Bytes of the tables by which panics unwind."""
    sections = subprocess.run(["objdump", "-h", binary], capture_output=True, text=True, check=True).stdout
    found = re.search(r"\.gcc_except_table\s+([0-9a-f]+)", sections)
    return int(found.group(1), 16) if found else 0


def version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".")) if text != "none" else ()


if __name__ == "__main__":
    sys.exit(main())
