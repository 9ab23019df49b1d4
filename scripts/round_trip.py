"""Carry a feed of generated V3 ads of every category to V4, asks and answers and all, and back; and say what came of it.

The ads and the answers are drawn from the schemas, by a seed. Run it in an environment with the extra `test`.
"""

import argparse
import csv
import io
import json
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from drawn import HELD, ads, every_mapping

from v4schema import Kind
from v4schema.document.pointer import exists, get, parse
from v4schema.feed.question_sheet import LEGEND

#: What the answers of one ad are taken from: what valid ads of the newer edition have.
Source = list[dict[str, Any]]


def drawn(kind: Kind, number: int, start: int) -> Source:
    """Return so many valid ads of a kind, the same ones for the same seed."""
    found: Source = []

    @seed(start)
    @settings(max_examples=number, phases=[Phase.generate], database=None, deadline=None, suppress_health_check=[*HealthCheck])
    @given(ads(kind))
    def draw(ad: dict[str, Any]) -> None:
        found.append(ad)

    while len(found) < number:
        draw()
        start += 1
    return found[:number]


def feed(number: int, start: int) -> Source:
    """Return V3 ads of every category that goes over, mixed, each with an identifier of its own."""
    made = []
    for mapping in every_mapping(HELD):
        for count, ad in enumerate(drawn(mapping.given, number, start)):
            made.append({**ad, HELD.identity_at[0]: f"{mapping.given.category}-{count}"})
    random.Random(start).shuffle(made)  # noqa: S311  (nothing secret)
    return made


def written(value: object) -> str | None:
    """Return a value as somebody would type it into a cell; None where that cannot be."""
    if isinstance(value, dict):
        unit, number = (value.get(HELD.units["members"][name]) for name in ("unit", "value"))
        return f"{number:f}".rstrip("0").rstrip(".").replace(".", ",") + f" {unit}" if isinstance(number, int | float) else None
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def answered(sheet: bytes, pool: dict[str, Source], chance: random.Random) -> bytes:
    """Fill a sheet in as a person would: with what some valid ad of the category has there, or with the example."""
    head, *lines = csv.reader(io.StringIO(sheet.decode("utf-8-sig"), newline=""), delimiter=";")
    filled = [head]
    for line in lines:
        row = [*line]
        for column, at in enumerate(head):
            if at.startswith("/") and line[column] == "" and line[0] != LEGEND:
                row[column] = typed(at, pool[line[0].rpartition("-")[0]], chance)
        filled.append(row)
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=";").writerows(filled)
    return text.getvalue().encode()


def typed(at: str, ads: Source, chance: random.Random) -> str:
    """Return an answer for a field."""
    values = [written(get(ad, parse(at))) for ad in chance.sample(ads, min(len(ads), 20)) if exists(ad, parse(at))]
    return next((value for value in values if value and value.strip() not in {"", "-"}), "")


def command(*words: str, folder: Path) -> str:
    """Run the command, and return the last line that it told."""
    done = subprocess.run(
        [sys.executable, "-m", "v4schema", "convert", *words], cwd=folder, check=False, capture_output=True, encoding="utf-8"
    )
    if done.returncode not in {0, 1}:
        raise SystemExit(done.stderr)
    return done.stderr.splitlines()[-1]


def canonical(path: Path) -> bytes:
    """Return the ads of a feed as canonical JSON, one a line."""
    ads = [json.loads(line) for line in path.read_bytes().splitlines()]  # of text, some letters would end lines
    return b"".join(json.dumps(ad, sort_keys=True, separators=(",", ":")).encode() + b"\n" for ad in ads)


def main(number: int, start: int, *, folder: Path) -> None:
    """Go there and back, and say how many ads did."""
    given = feed(number, start)
    (folder / "v3.ndjson").write_text("".join(json.dumps(ad) + "\n" for ad in given), "utf-8")
    begun = time.perf_counter()
    print("asked:   ", command("v3.ndjson", "--to", "v4", "--from", "v3", "--questions", "questions.csv", folder=folder))
    pool = {str(mapping.target.category): drawn(mapping.target, 60, start) for mapping in every_mapping(HELD)}
    chance = random.Random(start)  # noqa: S311  (nothing secret)
    (folder / "answers.csv").write_bytes(answered((folder / "questions.csv").read_bytes(), pool, chance))
    words = ["--price-unit", "kr", "--answers", "answers.csv", "--receipts", "receipts.ndjson", "--rejects", "rejects.ndjson"]
    print("there:   ", command("v3.ndjson", "--to", "v4", "--from", "v3", *words, "-o", "v4.ndjson", folder=folder))
    words = ["--back", "--receipts", "receipts.ndjson"]
    print("back:    ", command("v4.ndjson", *words, "-o", "back.ndjson", folder=folder))
    back, rejects = canonical(folder / "back.ndjson"), canonical(folder / "rejects.ndjson")
    aside = {*rejects.splitlines()}
    lines = canonical(folder / "v3.ndjson").splitlines(keepends=True)
    kept = [line for line in lines if line.rstrip(b"\n") not in aside]
    categories = {ad[HELD.identity_at[0]].rpartition("-")[0] for ad in map(json.loads, back.splitlines())}
    equal = back == b"".join(kept) and rejects == b"".join(line for line in lines if line.rstrip(b"\n") in aside)
    home = len(back.splitlines())
    print(f"{len(lines):,} ads went, {home:,} of {len(categories)} categories came back, {len(aside):,} were set aside")
    print(f"byte for byte equal as canonical JSON: {'yes' if equal else 'NO'}; {time.perf_counter() - begun:.0f} s")
    if not equal:
        raise SystemExit(1)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("number", nargs="?", type=int, default=150, help="how many ads of each category (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=4, help="what the ads are drawn by (default: %(default)s)")
    parser.add_argument("--keep", type=Path, help="a folder to leave all files in")
    told = parser.parse_args()
    if told.keep:
        told.keep.mkdir(parents=True, exist_ok=True)
        main(told.number, told.seed, folder=told.keep)
    else:
        with tempfile.TemporaryDirectory() as name:
            main(told.number, told.seed, folder=Path(name))
