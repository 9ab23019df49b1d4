"""Stop the command at random times, and check that no ad is lost or converted twice, and that no temporary file is left.

Each try draws a command (normalise or convert), one or several files or a feed, an output (in place, a file or a folder) and a
signal, which comes at any time, while files are written, or while they are moved to their places. Then the command is run again,
as a user would, until it is done or says that there is nothing to do. In the end, every ad has been converted exactly once.

    python scripts/kill_test.py 500 --seed 1
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

#: Messages of a repeated run that has nothing left to do.
DONE_MESSAGES = ("is as the killed run wrote it", "already, which would be lost")
#: How often a command is run again at most.
MAX_RERUNS = 3
#: The exit code of a process stopped by a signal is this plus the number of the signal.
SIGNALLED = 128

Ad = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """A run of the command: its arguments, the text of its source files by name, and the names of its outputs."""

    arguments: tuple[str, ...]
    sources: dict[str, str]
    outputs: tuple[str, ...]
    receipts: bool
    converts: bool
    priced: bool


def ad(number: int) -> Ad:
    """Return a V3 ad that converts to V4, with a price in kronor and a word to fix."""
    return {
        "source_id": f"car-{number}",
        "dealer_code": "dealer-123",
        "category_id": 1020,
        "body": "Fin bil från Växjö",
        "price": [{"type": "list", "amount": 100_000 + number, "currency": "SEK"}],
        "visible": True,
        "location": {"longitude": 14.8, "latitude": 56.9},
        "category_fields": {
            "brand": "volvo",
            "model": "v70",
            "model_year": 2015,
            "body_type": "Kombi",
            "registration_number": "ABC123",
            "condition": {"mileage": {"unit": "km", "value": 15400}},
            "powertrain": {"transmission": "Automat", "fuels": ["diesel"]},
        },
    }


def scenario(rng: random.Random) -> Scenario:
    """Draw a run of the command."""
    converts, feed, priced = rng.choice([True, False]), rng.choice([True, False, False]), rng.choice([True, True, False])
    sources = {}
    number = 0
    for index in range(1 if feed else rng.choice([1, 2, 5])):
        count = rng.choice([3, 300]) if feed else 1
        ads = [ad(number := number + 1) for _ in range(count)]
        name = f"{index}.ndjson" if feed else f"{index}.json"
        sources[name] = "".join(json.dumps(each) + "\n" for each in ads) if feed else json.dumps(ads[0], indent=2)
    place = rng.choice(["in place", "folder" if len(sources) > 1 else "file"])
    receipts = converts and rng.choice([True, True, False])
    arguments = ["convert", "--to", "v4"] if converts else ["normalise", "--api", "v3"]
    arguments += ["--quiet", "--fail-on", "never", *(["--price-unit", "kr" if converts else "tkr"] if priced else [])]
    arguments += ["--receipts", "receipts.ndjson"] if receipts else []
    arguments += {"in place": ["--in-place"], "folder": ["-o", "out"], "file": ["-o", f"new-{next(iter(sources))}"]}[place]
    outputs = {
        "in place": tuple(sources),
        "folder": tuple(os.path.join("out", name) for name in sources),
        "file": (arguments[-1],),
    }[place]
    return Scenario(
        arguments=(*arguments, *sources), sources=sources, outputs=outputs, receipts=receipts, converts=converts, priced=priced
    )


def run(chosen: Scenario, folder: Path) -> "subprocess.Popen[bytes]":
    """Start the command so that it receives SIGINT even if this script ignores it, as in the background."""
    previous = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return subprocess.Popen(
            [sys.executable, "-m", "v4schema", *chosen.arguments], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
    finally:
        signal.signal(signal.SIGINT, previous)


def hidden(folder: Path) -> list[Path]:
    """Return the hidden files and folders, which only the command makes."""
    return list(folder.rglob(".*"))


def check_result(chosen: Scenario, folder: Path) -> str:
    """Return what is wrong with the files after a finished run; "" if nothing is."""
    leftovers = hidden(folder)
    if leftovers:
        return f"left behind: {leftovers}"
    ads = []
    for name in chosen.outputs:
        text = (folder / name).read_text("utf-8")
        ads += [json.loads(line) for line in text.splitlines()] if name.endswith(".ndjson") else [json.loads(text)]
    factor = (100 if chosen.converts else 1000) if chosen.priced else 1
    for number, new in enumerate(ads, start=1):
        if new["source_id"] != f"car-{number}":
            return f"lost: an ad in {chosen.outputs}"
        if new["price"][0]["amount"] != (100_000 + number) * factor:
            return f"converted {'twice' if chosen.priced else 'unasked'}: {new['price']}"
        if new["category_fields"]["powertrain"]["transmission"] != "automatic":
            return "not normalised"
    if chosen.receipts:
        identifiers = [json.loads(line)["source_id"] for line in (folder / "receipts.ndjson").read_text("utf-8").splitlines()]
        if identifiers != [each["source_id"] for each in ads]:
            return f"{len(identifiers)} receipts of {len(ads)} ads"
    return ""


def start_and_stop(chosen: Scenario, rng: random.Random, folder: Path) -> tuple[signal.Signals, int]:
    """Start a run and stop it at a random time. Return the signal and the exit code."""
    signal_number = rng.choice([signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
    process = run(chosen, folder)
    # The signal comes at any time, after the first file is written, or while files are moved to their places.
    awaited = rng.choice(["", os.sep + "0", ".v4schema.journal"])
    while (
        awaited
        and process.poll() is None
        and not any(os.path.join(at, name).endswith(awaited) for at, _, names in os.walk(folder) for name in names)
    ):
        pass
    deadline = time.monotonic() + (rng.choice([rng.uniform(0, 0.02), 0]) if awaited else rng.uniform(0, 0.8))
    while process.poll() is None and time.monotonic() < deadline:
        pass
    process.send_signal(signal_number)
    process.communicate(timeout=120)
    return signal_number, process.returncode


def check_stopped(chosen: Scenario, folder: Path) -> str:
    """Return what is wrong after a run whose exit code says that it was stopped: it must not have changed any file."""
    if hidden(folder):
        return f"left behind after a signal: {hidden(folder)}"
    changed = [name for name, text in chosen.sources.items() if (folder / name).read_text("utf-8") != text]
    made = [name for name in chosen.outputs if name not in chosen.sources and (folder / name).exists()]
    return f"a stopped run has written {changed + made}" if changed or made else ""


def attempt(chosen: Scenario, rng: random.Random, folder: Path) -> tuple[str, str]:
    """Stop one run, and repeat it until it is done. Return how it was stopped, and what is wrong in the end ("" if nothing)."""
    for name, text in chosen.sources.items():
        (folder / name).write_text(text, "utf-8")
    signal_number, code = start_and_stop(chosen, rng, folder)
    how = f"{signal_number.name} ended with {code}"
    fault = check_stopped(chosen, folder) if code == SIGNALLED + signal_number else ""
    messages: list[str] = []
    while (
        code and not fault and len(messages) < MAX_RERUNS and not any(done in text for done in DONE_MESSAGES for text in messages)
    ):
        rerun = run(chosen, folder)
        messages.append(rerun.communicate(timeout=120)[1].decode())
        code = rerun.returncode
    fault = fault or check_result(chosen, folder)
    return how, f"{fault} {messages}" if fault else ""


def main() -> int:
    """Make all tries, and print a summary. Return 1 if a try failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tries", type=int, nargs="?", default=500)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    rng = random.Random(args.seed)  # noqa: S311  (nothing secret)
    counts: Counter[str] = Counter()
    faults = 0
    for number in range(args.tries):
        chosen = scenario(rng)
        with tempfile.TemporaryDirectory() as folder:
            how, fault = attempt(chosen, rng, Path(folder))
        counts[how] += 1
        if fault:
            faults += 1
            print(f"try {number}: {' '.join(chosen.arguments)}: {how}: {fault}", flush=True)
    print(f"{args.tries} tries, {faults} faults")
    for how, count in sorted(counts.items()):
        print(f"{count:6} {how}")
    return int(faults > 0)


if __name__ == "__main__":
    sys.exit(main())
