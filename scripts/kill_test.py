"""Stop the command wherever it is, many times, and see that nothing is lost, nothing done twice, and nothing left behind.

Each try takes a command (normalise or convert), one or several files or a feed, a place for the ads (over their sources, a file,
a folder) and a signal, which comes at any time, while files are written, or while they take their places. Then the command is run
again, as somebody would, until it is done or says that it is. In the end every ad has been converted exactly once.

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

#: How a repeated run says that there is nothing left to do.
DONE = ("is as the killed run wrote it", "already, which would be lost")
#: How often a command is run again.
AGAIN = 3
#: What is added to the number of a signal for the exit code of a process that it stopped.
SIGNALLED = 128

Ad = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """One way to run the command: its words, and the files that hold the ads before and after, by name."""

    words: tuple[str, ...]
    sources: dict[str, str]
    outputs: tuple[str, ...]
    receipts: bool
    converts: bool
    priced: bool


def ad(number: int) -> Ad:
    """Return an ad of V3 that V4 takes as well, with a price in kronor and a word to fix."""
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


def scenario(draw: random.Random) -> Scenario:
    """Draw a way to run the command."""
    converts, feed, priced = draw.choice([True, False]), draw.choice([True, False, False]), draw.choice([True, True, False])
    sources = {}
    number = 0
    for index in range(1 if feed else draw.choice([1, 2, 5])):
        count = draw.choice([3, 300]) if feed else 1
        ads = [ad(number := number + 1) for _ in range(count)]
        name = f"{index}.ndjson" if feed else f"{index}.json"
        sources[name] = "".join(json.dumps(each) + "\n" for each in ads) if feed else json.dumps(ads[0], indent=2)
    place = draw.choice(["in place", "folder" if len(sources) > 1 else "file"])
    receipts = converts and draw.choice([True, True, False])
    words = ["convert", "--to", "v4"] if converts else ["normalise", "--api", "v3"]
    words += ["--quiet", "--fail-on", "never", *(["--price-unit", "kr" if converts else "tkr"] if priced else [])]
    words += ["--receipts", "receipts.ndjson"] if receipts else []
    words += {"in place": ["--in-place"], "folder": ["-o", "out"], "file": ["-o", f"new-{next(iter(sources))}"]}[place]
    outputs = {
        "in place": tuple(sources),
        "folder": tuple(os.path.join("out", name) for name in sources),
        "file": (words[-1],),
    }[place]
    return Scenario(
        words=(*words, *sources), sources=sources, outputs=outputs, receipts=receipts, converts=converts, priced=priced
    )


def run(told: Scenario, folder: Path) -> "subprocess.Popen[bytes]":
    """Start the command, which hears Ctrl-C also where this script was started in the background."""
    outside = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return subprocess.Popen(
            [sys.executable, "-m", "v4schema", *told.words], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
    finally:
        signal.signal(signal.SIGINT, outside)


def hidden(folder: Path) -> list[Path]:
    """Return what no user has put there."""
    return list(folder.rglob(".*"))


def wrong(told: Scenario, folder: Path) -> str:
    """Say what is wrong with what a finished run has left; "" if nothing is."""
    left = hidden(folder)
    if left:
        return f"left behind: {left}"
    ads = []
    for name in told.outputs:
        text = (folder / name).read_text("utf-8")
        ads += [json.loads(line) for line in text.splitlines()] if name.endswith(".ndjson") else [json.loads(text)]
    factor = (100 if told.converts else 1000) if told.priced else 1
    for number, new in enumerate(ads, start=1):
        if new["source_id"] != f"car-{number}":
            return f"lost: an ad in {told.outputs}"
        if new["price"][0]["amount"] != (100_000 + number) * factor:
            return f"converted {'twice' if told.priced else 'unasked'}: {new['price']}"
        if new["category_fields"]["powertrain"]["transmission"] != "automatic":
            return "not done"
    if told.receipts:
        slips = [json.loads(line)["source_id"] for line in (folder / "receipts.ndjson").read_text("utf-8").splitlines()]
        if slips != [each["source_id"] for each in ads]:
            return f"{len(slips)} receipts of {len(ads)} ads"
    return ""


def stopped(told: Scenario, draw: random.Random, folder: Path) -> tuple[signal.Signals, int]:
    """Start a run and stop it: at any time, or while its files take their places; return the signal and the exit code."""
    number = draw.choice([signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
    process = run(told, folder)
    begun = draw.choice(
        ["", os.sep + "0", ".v4schema.journal"]
    )  # at once, once the first file is written, once they take their places
    while (
        begun
        and process.poll() is None
        and not any(os.path.join(at, name).endswith(begun) for at, _, names in os.walk(folder) for name in names)
    ):
        pass
    deadline = time.monotonic() + (draw.choice([draw.uniform(0, 0.02), 0]) if begun else draw.uniform(0, 0.8))
    while process.poll() is None and time.monotonic() < deadline:
        pass
    process.send_signal(number)
    process.communicate(timeout=120)
    return number, process.returncode


def half_done(told: Scenario, folder: Path) -> str:
    """Say what is wrong with what a run has left that says that it was stopped: it must not have done anything."""
    if hidden(folder):
        return f"left behind by a signal: {hidden(folder)}"
    changed = [name for name, text in told.sources.items() if (folder / name).read_text("utf-8") != text]
    made = [name for name in told.outputs if name not in told.sources and (folder / name).exists()]
    return f"a run that was stopped has written {changed + made}" if changed or made else ""


def tried(told: Scenario, draw: random.Random, folder: Path) -> tuple[str, str]:
    """Stop one run and repeat it until it is done; say how it was stopped, and what is wrong in the end."""
    for name, text in told.sources.items():
        (folder / name).write_text(text, "utf-8")
    number, code = stopped(told, draw, folder)
    how = f"{number.name} ended with {code}"
    fault = half_done(told, folder) if code == SIGNALLED + number else ""
    said: list[str] = []
    while code and not fault and len(said) < AGAIN and not any(done in words for done in DONE for words in said):
        again = run(told, folder)
        said.append(again.communicate(timeout=120)[1].decode())
        code = again.returncode
    fault = fault or wrong(told, folder)
    return how, f"{fault} {said}" if fault else ""


def main() -> int:
    """Try as often as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tries", type=int, nargs="?", default=500)
    parser.add_argument("--seed", type=int, default=1)
    told = parser.parse_args()
    draw = random.Random(told.seed)  # noqa: S311  (nothing secret)
    counts: Counter[str] = Counter()
    faults = 0
    for number in range(told.tries):
        way = scenario(draw)
        with tempfile.TemporaryDirectory() as folder:
            how, fault = tried(way, draw, Path(folder))
        counts[how] += 1
        if fault:
            faults += 1
            print(f"try {number}: {' '.join(way.words)}: {how}: {fault}", flush=True)
    print(f"{told.tries} tries, {faults} faults")
    for how, count in sorted(counts.items()):
        print(f"{count:6} {how}")
    return int(faults > 0)


if __name__ == "__main__":
    sys.exit(main())
