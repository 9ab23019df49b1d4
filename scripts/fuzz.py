"""Fuzz the library and the command, and print the results.

    python scripts/fuzz.py [SECONDS] [TARGET…]      fuzz each target for its share of the time (default: 600 s, all targets)
    python scripts/fuzz.py --replay FILE TARGET     run a target on an input that was found

A fault is an exception, an assertion that fails, an input that takes too long, or memory that grows. The inputs that cause faults
stay in a folder that is named at the end, and the exit code is 1. Run it in an environment with the extra `fuzz`.
"""

import argparse
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

NAMES = ("json", "ndjson", "gz", "positions", "ads", "command", "sheets", "receipts")
#: The most seconds that an input may take, on a shared core.
SLOWEST = 20
#: The most megabytes that may be in use, and the most that memory may grow per 20,000 inputs after warming up.
MOST, GROWTH = 1024, 32
#: Memory is measured every so many inputs, time after so many; and the share of a run in which memory warms up.
EVERY, UNTIMED, WARM_UP = 250, 500, 0.3
ROW = "{:<10} {:>9} {:>8} {:>7} {:>7} {:>7} {:>9} {:>9}  {}"
HEAD = ROW.format("target", "inputs", "a second", "edges", "start", "end", "MB/20,000", "slowest", "found")


class Meter:
    """Runs a target, logs the memory in use, and saves the slowest input."""

    def __init__(self, call: Callable[[bytes], None], folder: Path) -> None:
        self._call, self._folder, self._count, self._slowest = call, folder, 0, 0.0
        self._log = (folder / "memory").open("w", 1)

    def __call__(self, data: bytes) -> None:
        """Run one input. An input that raises anything is saved, even for an exit or an interruption."""
        begun = time.perf_counter()
        try:
            self._call(data)
        except BaseException:
            (self._folder / f"crash-{self._count}").write_bytes(data)
            raise
        took = time.perf_counter() - begun
        if took > self._slowest and self._count > UNTIMED:
            self._slowest = took
            (self._folder / "slowest").write_bytes(data)
        if self._count % EVERY == 0:
            self._log.write(f"{self._count} {_megabytes():.1f} {self._slowest:.3f}\n")
        self._count += 1


def _megabytes() -> float:
    """Return the memory in use, or, if the system does not report it, the peak."""
    try:
        return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * resource.getpagesize() / 1e6
    except FileNotFoundError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def fuzz(target: str, folder: Path, seconds: int) -> None:
    """Fuzz one target in this process, and end the process."""
    atheris = import_module("atheris")
    with atheris.instrument_imports(include=["v4schema"]):
        fuzz_targets = import_module("fuzz_targets")
    corpus = folder / "corpus"
    corpus.mkdir()
    for number, seed in enumerate(fuzz_targets.seeds(target)):
        (corpus / f"seed-{number}").write_bytes(seed)
    entries = ["".join(f"\\x{byte:02X}" for byte in word) for word in fuzz_targets.dictionary()]
    (folder / "dictionary").write_text("".join(f'"{entry}"\n' for entry in entries), "ascii")
    limits = [f"-max_total_time={seconds}", f"-timeout={SLOWEST}", f"-rss_limit_mb={MOST}", "-max_len=8192"]
    files = [f"-dict={folder}/dictionary", f"-artifact_prefix={folder}/", "-print_final_stats=1", str(corpus)]
    atheris.Setup([sys.argv[0], *limits, *files], Meter(fuzz_targets.targets()[target], folder))
    atheris.Fuzz()


def run(target: str, folder: Path, seconds: int) -> tuple[str, bool]:
    """Fuzz one target in its own process. Return its row of the table, and whether it found a fault."""
    folder.mkdir()
    (folder / "memory").touch()
    command = [sys.executable, __file__, "--child", str(folder), str(seconds), target]
    options: dict[str, Any] = {
        "stdout": subprocess.PIPE,
        "stderr": subprocess.STDOUT,
        "env": {**os.environ, "TMPDIR": str(folder)},
    }
    with (folder / "log").open("w", 1) as log, subprocess.Popen(command, text=True, errors="replace", **options) as child:
        last_shown = 0.0
        for line in child.stdout or ():
            log.write(line)
            if re.match(r"#\d", line) and time.monotonic() > last_shown + 5:
                last_shown = time.monotonic()
                print(f"\r{target}: {line.strip()[:100]:<100}", end="", file=sys.stderr, flush=True)
    print("\r" + " " * 115, end="\r", file=sys.stderr)
    text = (folder / "log").read_text("utf-8")
    samples = [[*map(float, line.split())] for line in (folder / "memory").read_text("ascii").splitlines()] or [[0, 0, 0]]
    inputs = int((re.findall(r"number_of_executed_units: (\d+)", text) or [samples[-1][0]])[-1])
    warm = next(sample for sample in samples if sample[0] >= samples[-1][0] * WARM_UP)
    growth = (samples[-1][1] - warm[1]) / max(samples[-1][0] - warm[0], 20_000) * 20_000
    found = [path.name for path in folder.iterdir() if path.name.startswith(("crash-", "timeout-", "oom-", "leak-"))]
    found += ["memory"] * (growth > GROWTH)
    found = found or ["ended"] * (not re.search(r"^Done \d+ runs", text, re.MULTILINE))
    edges = (re.findall(r" cov: (\d+)", text) or ["-"])[-1]
    figures = [f"{inputs:,}", f"{inputs / seconds:.0f}", edges, f"{warm[1]:.0f}", f"{samples[-1][1]:.0f}", f"{growth:+.1f}"]
    return ROW.format(target, *figures, f"{samples[-1][2]:.2f} s", ", ".join(found) or "nothing"), bool(found)


def main() -> int:
    """Fuzz each target, and print a table with a row for each. Return 1 if a fault was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("words", nargs="*", metavar="SECONDS | TARGET", help=f"targets: {', '.join(NAMES)}")
    parser.add_argument("--replay", metavar="FILE", type=Path)
    parser.add_argument("--child", metavar="FOLDER", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    chosen = [word for word in args.words if not word.isdecimal()] or [*NAMES]
    if not {*chosen} <= {*NAMES}:
        parser.error(f"Unknown target. The targets are {', '.join(NAMES)}.")
    seconds = next((int(word) for word in args.words if word.isdecimal()), 600)
    if args.replay:
        import_module("fuzz_targets").targets()[chosen[0]](args.replay.read_bytes())
        return 0
    if args.child:
        fuzz(chosen[0], args.child, seconds)
    folder = Path(tempfile.mkdtemp(prefix="v4schema-fuzz-"))
    print(HEAD)
    failed = []
    for target in chosen:
        row, found = run(target, folder / target, seconds // len(chosen))
        print(row, flush=True)
        failed += [target] * found
    if not failed:
        shutil.rmtree(folder)
        return 0
    print(f"The inputs and logs are in {folder}. To run an input again: python {__file__} --replay FILE TARGET")
    return 1


if __name__ == "__main__":
    sys.exit(main())
