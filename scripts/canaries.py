"""Look for private values in all output about ads. They may appear only in ads, diffs, receipts and rejects.

Every private value, and every name inside a private object, is a canary: a text that appears nowhere else. `python
scripts/canaries.py 600` draws 600 ads, sends them through the library and the command, and counts the canaries in the output. Run
it in an environment with the extra `test`.
"""

import argparse
import contextlib
import io
import json
import logging
import random
import re
import sys
import tempfile
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from click.testing import CliRunner
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from commands import terminal
from json_strategies import CATALOGUE, KINDS, Ad

import v4schema
from v4schema import Finding, Kind, cli, feed, openapi, strategies
from v4schema.dialect.fields import Schema, is_private, walk
from v4schema.errors import V4SchemaError
from v4schema.feed.question_sheet import QuestionSheet
from v4schema.openapi.schema_validators import AdRefused
from v4schema.output import formats

#: The beginning of every canary: in letters, and in digits for telephone numbers.
STEM, DIGITS = "qzxcanary", "4670999"
#: How deep objects and lists are nested.
_DEEPEST = 3
#: Names of private objects and fields, right and misspelled.
OBJECTS = ("contact", "Contact", "kontakt", "contcat", "contact_info", "seller")
FIELDS = ("phone", "telefon", "Telephone", "email", "e-post", "regnr", "license plate", "chassis_number", "description", "vin")


class CanaryMaker:
    """Makes canaries, each of them different."""

    def __init__(self, start: int) -> None:
        self.made = 0
        self.random = random.Random(start)  # noqa: S311  (nothing secret)

    def text(self) -> str:
        """Return a canary in letters, of a random form."""
        self.made += 1
        forms = "{}{}", "{}{}@example.com", "{}-{} \u0159 \u202e", "{} {}\n\x1b[2J", "{}{}/~", "{}{}" + "y" * 300, "\u2026{}{}"
        return self.random.choice(forms).format(STEM, self.made)

    def digits(self) -> str:
        """Return a canary that is a telephone number."""
        self.made += 1
        return f"{DIGITS}{self.made:06}"

    def value(self, depth: int = 0) -> Any:  # noqa: ANN401  (any JSON)
        """Return any JSON value with a canary in it."""
        makers: list[Callable[[], Any]] = [self.text, self.digits, lambda: int(self.digits())]
        if depth < _DEEPEST:
            makers += [lambda: {self.name(): self.value(depth + 1)}, lambda: [self.value(depth + 1)]]
        return self.random.choice(makers)()

    def chance(self, share: float) -> bool:
        """Return True with a probability."""
        return self.random.random() < share

    def name(self) -> str:
        """Return a name that is a canary."""
        return self.random.choice([self.text, self.digits])()

    def contact(self) -> dict[str, Any]:
        """Return contact details, perhaps with wrong names and values."""
        details = {"name": self.text(), "phone": self.digits(), "email": f"{self.text()}@example.com"}
        wrong = {
            self.random.choice(["Phone", "telefon", "E-mail", "mail", "fone", "name"]): self.value(),
            self.name(): self.value(),
        }
        return {**details, **self.random.choice([{}, wrong])}


def with_canaries(ad: Ad, kind: Kind, maker: CanaryMaker) -> Ad:
    """Return an ad whose private values are canaries, some of them under wrong names or in wrong places."""
    rng = maker.random
    ad = json.loads(json.dumps(ad)) if isinstance(ad, dict) else {}
    schema = CATALOGUE.schema(kind)
    for at, _ in walk(schema):
        here: Any = ad
        for token in at[:-1]:
            here = here.get(token) if isinstance(here, dict) else None
        if at and is_private(schema, at) and isinstance(here, dict) and (at[-1] in here or maker.chance(0.3)):
            here[at[-1]] = maker.text() if maker.chance(0.8) else maker.value()
    if maker.chance(0.7):
        around = rng.choice([ad, ad, ad.get("category_fields"), ad.get("location")])
        if isinstance(around, dict):
            around[rng.choice(OBJECTS)] = rng.choice([maker.contact(), maker.contact(), [maker.contact()], maker.value()])
    for _ in range(rng.randrange(3)):
        around = rng.choice([ad, ad.get("category_fields"), ad.get("contact")])
        if isinstance(around, dict):
            around[rng.choice(FIELDS)] = maker.value()
    if maker.chance(0.2):
        ad[maker.digits()] = maker.value()
    return ad


def texts(ad: Ad, maker: CanaryMaker) -> Iterator[bytes]:
    """Yield an ad as JSON text, and a broken variant of it."""
    rng = maker.random
    text = json.dumps(ad, ensure_ascii=maker.chance(0.5), indent=rng.choice([None, 1]))
    yield text.encode()
    name = json.dumps(maker.name())
    inner = f"{name}: 1, {rng.choice([name, name + ': [1]}, ' + name])}: 2"
    places = "{", '{"contact": {', '{"kontakt": {"deep": [{', '{"category_fields": {"contact": {', '{"seller": [[{'
    broken = rng.choice(places) + inner
    closed = broken + "".join({"{": "}", "[": "]"}[each] for each in reversed(re.sub('"[^"]*"|[^\\[{]', "", broken)))
    yield rng.choice(
        [
            closed.encode(),
            text[: len(text) // 2].encode(),
            text.replace("}", ",}", 1).encode(),
            f'{{"contact": {{{name}: 1e999}}}}'.encode(),
            f'{{"contact": {{{name}: NaN}}}}'.encode(),
            f'{{"contact": {{{name}: "\\ud800"}}}}'.encode(),
            text.encode("latin-1", "replace") + b"\xe5",
            text.encode("utf-16"),
        ]
    )


def drawn(number: int, start: int, kinds: Sequence[Kind]) -> list[tuple[Kind, Ad]]:
    """Return a number of ads of some kinds: valid ones, near misses and other spellings. The same seed gives the same ads."""
    found: list[tuple[Kind, Ad]] = []
    each = -(-number // (3 * len(kinds)))
    for kind in kinds:
        arguments = kind.version, kind.category
        near_misses = strategies.near_misses(*arguments).map(lambda miss: miss.ad)
        respelled = strategies.respelled(*arguments).map(lambda respelling: respelling.ad)
        for strategy in (strategies.ads(*arguments), near_misses, respelled):
            ads: list[Ad] = []
            _draw(strategy, each, start, ads)
            found += [(kind, ad) for ad in ads[:each]]
    random.Random(start).shuffle(found)  # noqa: S311  (nothing secret)
    return found[:number]


def _draw(strategy: st.SearchStrategy[Ad], number: int, start: int, into: list[Ad]) -> None:
    @seed(start)
    @settings(max_examples=number, phases=[Phase.generate], database=None, deadline=None, suppress_health_check=[*HealthCheck])
    @given(strategy)
    def draw(ad: Ad) -> None:
        into.append(ad)

    draw()


def printed(value: object) -> Iterator[str]:
    """Yield the texts that Python prints for a value."""
    yield repr(value)
    yield str(value)
    yield f"{value}"


def raised(act: Callable[[], object]) -> Iterator[str]:
    """Yield the texts of the exception that a function raises, if any."""
    try:
        act()
    except (V4SchemaError, AdRefused) as error:
        yield from printed(error)
        yield "".join(traceback.format_exception(error))


def of_findings(findings: Iterable[Finding]) -> Iterator[str]:
    """Yield the texts of findings."""
    for finding in findings:
        yield from printed(finding)
        yield f"{finding.at} {finding.to} {finding.message} {finding.hint}"


def of_an_ad(ad: Ad, kind: Kind) -> Iterator[tuple[str, str]]:
    """Yield the texts that the library prints for an ad, each with its origin."""
    arguments: dict[str, Any] = {"version": kind.version, "category": kind.category}
    for operation in CATALOGUE.edition(kind.version).operations:
        for report in (
            v4schema.validate(ad, operation=operation, **arguments),
            v4schema.validate(ad, operation=operation, version=kind.version),
            v4schema.preflight(ad, operation=operation, price_unit="kr", **arguments),
        ):
            yield from (("report", each) for each in (*printed(report), *of_findings(report.findings), json.dumps(report.api())))
            yield from (("InvalidAd", each) for each in raised(report.raise_for_errors))
    done = v4schema.normalise(ad, **arguments)
    yield from (("normalisation", each) for each in (*printed(done), *of_findings(done.findings)))
    other = next(edition for edition in CATALOGUE.editions if edition != kind.version)
    answers = {"/contact/phone": f"{DIGITS}!", "/category_fields/vin": STEM, f"/contact/{STEM}": "1", STEM + "0701234567": "2"}
    for answered in ({}, answers):
        conversion = v4schema.convert(ad, to=other, version=kind.version, answers=answered)
        yield from (
            ("conversion", each) for each in (*printed(conversion), *of_findings(conversion.findings), repr(conversion.questions))
        )
        reasons = [change["why"] for change in conversion.receipt.get("changes", ())]
        yield "reason in a receipt", json.dumps(reasons)
        changed = {**conversion.ad, "contact": {"phone": 1}} if isinstance(conversion.ad, dict) else {}
        back = v4schema.convert(changed, to=kind.version, receipt=conversion.receipt)
        yield from (("conversion", each) for each in (*printed(back), *of_findings(back.findings)))


def of_a_request(body: bytes, kind: Kind, log: io.StringIO) -> Iterator[tuple[str, str]]:
    """Yield the texts that the HTTP checks print for a request with a body."""
    url = f"https://api.blocket.se/pro-import-api/{kind.version}/ad"
    request = openapi.request(
        "POST", url, headers={"Content-Type": "application/json", "Authorization": f"Token {STEM}"}, body=body
    )
    yield from (("request", each) for each in printed(request))
    report = openapi.check_request(request)
    yield from (("request", each) for each in (*printed(report), *of_findings(report.findings), json.dumps(report.api())))
    for warn in (False, True):
        guard = openapi.Guard(warn=warn)
        yield from (("PreflightError", each) for each in raised(lambda guard=guard: guard.enforce("POST", url, {}, body)))  # type: ignore[misc]
    yield from (("PreflightError", each) for each in raised(lambda: _raise(openapi.PreflightError(report))))
    yield from (("AdRefused", each) for each in raised(lambda: _raise(AdRefused(report))))
    parsed = v4schema.read(body)
    for reading in parsed:
        if isinstance(reading.ad, dict):
            yield from (("API", each) for each in of_findings(openapi.from_api(_answer(reading.ad, CATALOGUE.schema(kind)))))
    yield "log", log.getvalue()
    log.truncate(0)


def _raise(error: Exception) -> None:
    raise error


def _answer(value: object, node: Schema) -> object:
    """Return an error body of the API: a message for each field of an ad, and for everything inside a private field."""
    if isinstance(value, dict):
        known = node.get("properties", {})
        below = {name: known.get(name, node) for name in value if name in known or "x-private" in node}
        return {name: _answer(value[name], field) for name, field in below.items()}
    items = node.get("items", node)
    return [_answer(each, items) for each in value] if isinstance(value, list) and value else ["Not a valid string."]


def of_a_text(text: bytes) -> Iterator[tuple[str, str]]:
    """Yield the texts that are printed for the text of an ad."""
    rich = formats.RenderOptions(rich=True)
    runs: list[Callable[[], Iterator[feed.Result]]] = [
        lambda: feed.check([("ad.json", text)]),
        lambda: feed.check([("ad.json", text)], version="v3"),
        lambda: feed.prepare([("ad.json", text)], price_unit="kr"),
        lambda: feed.convert([("ad.json", text)], to="v4"),
        lambda: feed.convert([("ad.json", text)], to="v3", version="v4"),
    ]
    for run in runs:
        for name, write in formats.FORMATS.items():
            for options in (rich, formats.RenderOptions()):
                yield name, "".join(write(run(), feed.Summary(), options))
        with QuestionSheet(CATALOGUE) as sheet:
            for result in run():
                yield from (("result", each) for each in printed(result))
                yield from (("reading", each) for each in printed(result.reading))
                if result.conversion and result.reading.readable:
                    sheet.add(result.conversion)
            yield "questions", b"".join(sheet.lines()).decode()


def of_the_command(folder: Path, *, on_terminal: bool) -> Iterator[tuple[str, str]]:
    """Yield the output of the command for the files in a folder, except ads, diffs, receipts and rejects."""
    files = sorted(path.name for path in folder.glob("ad-*"))
    convert = [
        "convert",
        "--to",
        "v4",
        "--questions",
        "questions.csv",
        "--receipts",
        "rc.ndjson",
        "--rejects",
        "rj.ndjson",
        "-o",
        "out",
    ]
    answered = ["convert", "--to", "v4", "--answers", "answers.csv", "--rejects", "rk.ndjson", "-o", "more"]
    (folder / "answers.csv").write_text(
        f"source_id;/contact/phone;vin;{DIGITS}1;registration_number\n1;{STEM};{STEM};{STEM};{STEM}{STEM}\n", "utf-8"
    )
    runs = [["validate", "--format", name] for name in formats.FORMATS]
    runs += [
        ["validate", "--color", "always"],
        ["validate", "--api", "v3"],
        ["validate", "-o", "report.txt"],
        ["normalise", "-o", "out"],
    ]
    runs += [["normalise", "--check", "--quiet"], ["normalise", "-o", "out", "--report", "report.json", "--format", "json"]]
    runs += [
        [*convert, "--report", "report.ndjson", "--format", "ndjson"],
        answered,
        ["convert", "--back", "--receipts", "rc.ndjson", "-o", "b"],
    ]
    with contextlib.chdir(folder):
        for run in runs:
            ran = CliRunner().invoke(cli.main, [*run, *files])
            yield " ".join(run[:3]), f"{ran.stdout}{ran.stderr}"
            if ran.exception and not isinstance(ran.exception, SystemExit):
                raise ran.exception
            for path in folder.iterdir():
                if path.name.startswith(("report", "questions")):
                    yield path.name, path.read_text("utf-8-sig")
                    path.unlink()
        if on_terminal:
            for run in (*runs[:5], runs[-2]):
                yield f"terminal: {' '.join(run[:3])}", terminal(*run, *files, cwd=folder)


def find_canary(text: str) -> str | None:
    """Return the text around the first canary, complete or cut, plain or escaped; None if there is none."""
    plain = re.sub(r"\\u([0-9a-fA-F]{4})|%([0-9a-fA-F]{2})", lambda found: chr(int(found[1] or found[2], 16)), text)
    for each in (text, plain):
        found = re.search(f"{STEM[:6]}|{DIGITS}", each, re.IGNORECASE)
        if found:
            return each[max(0, found.start() - 100) : found.end() + 60]
    return None


def find_canaries(
    number: int, start: int, *, kinds: Sequence[Kind] = KINDS, on_terminal: bool = True
) -> tuple[Counter[str], dict[str, str], int]:
    """Draw ads and look for canaries. Return the searched texts by origin, the sightings, and the number of canaries."""
    maker, searched, sightings = CanaryMaker(start), Counter[str](), dict[str, str]()
    log = io.StringIO()
    handler = logging.StreamHandler(log)
    logging.getLogger().addHandler(handler)
    level = logging.getLogger().level
    logging.getLogger().setLevel(logging.DEBUG)

    def search(outputs: Iterable[tuple[str, str]]) -> None:
        for where, text in outputs:
            searched[where] += 1
            found = find_canary(text)
            if found:
                sightings.setdefault(f"{where}: {found!r}", found)

    try:
        with tempfile.TemporaryDirectory() as folder:
            for count, (kind, ad) in enumerate(drawn(number, start, kinds)):
                ad = with_canaries(ad, kind, maker)  # noqa: PLW2901  (the same ad, with canaries)
                search(of_an_ad(ad, kind))
                for turn, text in enumerate(texts(ad, maker)):
                    search(of_a_text(text))
                    search(of_a_request(text, kind, log))
                    Path(folder, f"ad-{count}-{turn}.json").write_bytes(text)
            search(of_the_command(Path(folder), on_terminal=on_terminal))
    finally:
        logging.getLogger().removeHandler(handler)
        logging.getLogger().setLevel(level)
    return searched, sightings, maker.made


def main() -> int:
    """Run the search, and print its result."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("ads", type=int, nargs="?", default=600)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    searched, sightings, made = find_canaries(args.ads, args.seed)
    for where, count in sorted(searched.items()):
        print(f"{count:>8,} {where}")
    print(f"{args.ads:,} ads with {made:,} canaries, {searched.total():,} texts searched: {len(sightings)} kinds of sightings")
    for sighting in sightings:
        print(sighting)
    return int(bool(sightings))


if __name__ == "__main__":
    raise SystemExit(main())
