"""Convert a feed of generated V3 ads of every category to V4, with questions and answers, and back; print the result.

The ads and the answers are drawn from the schemas, with a seed. Run it in an environment with the extra `test`.
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
from json_strategies import CATALOGUE, ads, every_mapping

from v4schema import Kind
from v4schema.document.pointer import exists, get, parse
from v4schema.feed.question_sheet import LEGEND

#: Ads: to convert, or valid ads of the newer edition, from which answers are taken.
Ads = list[dict[str, Any]]


def drawn(kind: Kind, number: int, start: int) -> Ads:
    """Return a number of valid ads of a kind. The same seed gives the same ads."""
    found: Ads = []

    @seed(start)
    @settings(max_examples=number, phases=[Phase.generate], database=None, deadline=None, suppress_health_check=[*HealthCheck])
    @given(ads(kind))
    def draw(ad: dict[str, Any]) -> None:
        found.append(ad)

    while len(found) < number:
        draw()
        start += 1
    return found[:number]


def feed(number: int, start: int) -> Ads:
    """Return V3 ads of every category that has a mapping, shuffled, each with its own identifier."""
    result = []
    for mapping in every_mapping(CATALOGUE):
        for count, ad in enumerate(drawn(mapping.given, number, start)):
            result.append({**ad, CATALOGUE.identity_at[0]: f"{mapping.given.category}-{count}"})
    random.Random(start).shuffle(result)  # noqa: S311  (nothing secret)
    return result


def to_cell(value: object) -> str | None:
    """Return a value as a person would type it into a cell; None for a value that cannot be typed."""
    if isinstance(value, dict):
        unit, number = (value.get(CATALOGUE.units["members"][name]) for name in ("unit", "value"))
        return f"{number:f}".rstrip("0").rstrip(".").replace(".", ",") + f" {unit}" if isinstance(number, int | float) else None
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def fill_in(sheet: bytes, pool: dict[str, Ads], rng: random.Random) -> bytes:
    """Fill in a question sheet with values from valid ads of each category."""
    head, *lines = csv.reader(io.StringIO(sheet.decode("utf-8-sig"), newline=""), delimiter=";")
    filled = [head]
    for line in lines:
        row = [*line]
        for column, at in enumerate(head):
            if at.startswith("/") and line[column] == "" and line[0] != LEGEND:
                row[column] = answer(at, pool[line[0].rpartition("-")[0]], rng)
        filled.append(row)
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=";").writerows(filled)
    return text.getvalue().encode()


def answer(at: str, ads: Ads, rng: random.Random) -> str:
    """Return an answer for a field from some of the ads; "" if none has one."""
    values = [to_cell(get(ad, parse(at))) for ad in rng.sample(ads, min(len(ads), 20)) if exists(ad, parse(at))]
    return next((value for value in values if value and value.strip() not in {"", "-"}), "")


def convert(*arguments: str, folder: Path) -> str:
    """Run ``convert``, and return the last line of its standard error."""
    done = subprocess.run(
        [sys.executable, "-m", "v4schema", "convert", *arguments], cwd=folder, check=False, capture_output=True, encoding="utf-8"
    )
    if done.returncode not in {0, 1}:
        raise SystemExit(done.stderr)
    return done.stderr.splitlines()[-1]


def canonical(path: Path) -> bytes:
    """Return the ads of a feed as lines of canonical JSON."""
    # In text, splitlines would also split at other characters.
    ads = [json.loads(line) for line in path.read_bytes().splitlines()]
    return b"".join(json.dumps(ad, sort_keys=True, separators=(",", ":")).encode() + b"\n" for ad in ads)


def main(number: int, start: int, *, folder: Path) -> None:
    """Convert a feed to V4 and back, and print how many ads came back. Exits with 1 if they differ."""
    given = feed(number, start)
    (folder / "v3.ndjson").write_text("".join(json.dumps(ad) + "\n" for ad in given), "utf-8")
    begun = time.perf_counter()
    print("questions:", convert("v3.ndjson", "--to", "v4", "--from", "v3", "--questions", "questions.csv", folder=folder))
    pool = {str(mapping.target.category): drawn(mapping.target, 60, start) for mapping in every_mapping(CATALOGUE)}
    rng = random.Random(start)  # noqa: S311  (nothing secret)
    (folder / "answers.csv").write_bytes(fill_in((folder / "questions.csv").read_bytes(), pool, rng))
    options = ["--price-unit", "kr", "--answers", "answers.csv", "--receipts", "receipts.ndjson", "--rejects", "rejects.ndjson"]
    print("to V4:    ", convert("v3.ndjson", "--to", "v4", "--from", "v3", *options, "-o", "v4.ndjson", folder=folder))
    options = ["--back", "--receipts", "receipts.ndjson"]
    print("back:     ", convert("v4.ndjson", *options, "-o", "back.ndjson", folder=folder))
    back, rejects = canonical(folder / "back.ndjson"), canonical(folder / "rejects.ndjson")
    rejected = {*rejects.splitlines()}
    lines = canonical(folder / "v3.ndjson").splitlines(keepends=True)
    kept = [line for line in lines if line.rstrip(b"\n") not in rejected]
    categories = {ad[CATALOGUE.identity_at[0]].rpartition("-")[0] for ad in map(json.loads, back.splitlines())}
    equal = back == b"".join(kept) and rejects == b"".join(line for line in lines if line.rstrip(b"\n") in rejected)
    returned = len(back.splitlines())
    print(
        f"{len(lines):,} ads converted, {returned:,} of {len(categories)} categories came back, {len(rejected):,} were rejected"
    )
    print(f"byte for byte equal as canonical JSON: {'yes' if equal else 'NO'}; {time.perf_counter() - begun:.0f} s")
    if not equal:
        raise SystemExit(1)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("number", nargs="?", type=int, default=150, help="how many ads of each category (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=4, help="the seed of the generator (default: %(default)s)")
    parser.add_argument("--keep", type=Path, help="a folder to keep all files in")
    args = parser.parse_args()
    if args.keep:
        args.keep.mkdir(parents=True, exist_ok=True)
        main(args.number, args.seed, folder=args.keep)
    else:
        with tempfile.TemporaryDirectory() as name:
            main(args.number, args.seed, folder=Path(name))
