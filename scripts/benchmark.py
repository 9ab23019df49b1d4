"""Measure what the project promises about speed, as ratios within one run, since machines differ and are noisy.

Run it in an environment with the extra `dev`.
"""

import argparse
import copy
import json
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
import timeit
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from v4schema import Kind, catalogue, convert, normalise, validate
from v4schema.conversion.mappings import mappings_for
from v4schema.dialect.engines import compile_schema
from v4schema.dialect.fields import example


def wall(command: Sequence[str]) -> float:
    """Return the seconds that a command takes, from outside."""
    start = time.perf_counter()
    subprocess.run(command, capture_output=True, check=False)
    return time.perf_counter() - start


def paired(first: Sequence[str], second: Sequence[str], runs: int) -> tuple[float, float, float]:
    """Return the median seconds of two commands run in turn, and the median of their ratios."""
    pairs = [(wall(first), wall(second)) for _ in range(runs + 1)][1:]
    return (
        statistics.median(one for one, _ in pairs),
        statistics.median(two for _, two in pairs),
        statistics.median(one / two for one, two in pairs),
    )


def each(first: Callable[[], object], second: Callable[[], object], number: int = 5_000) -> tuple[float, float, float]:
    """Return the median microseconds of two calls made in turn, and the median of their ratios."""
    rounds = [(timeit.timeit(first, number=number), timeit.timeit(second, number=number)) for _ in range(15)]
    one, two = (statistics.median(times) / number * 1e6 for times in zip(*rounds, strict=True))
    return one, two, statistics.median(first / second for first, second in rounds)


def rate(call: Callable[[], object], number: int = 3_000) -> float:
    """Return how often a call is made in a second, by the median of seven rounds."""
    return number / statistics.median(timeit.repeat(call, number=number, repeat=7))


def normalising() -> None:
    """Print how many ads a second are normalised on one core: as they should be, and with five things to mend."""
    held = catalogue.default()
    for slug in ("car", "camper"):
        ad = example(held.schema(Kind(version="v4", category=slug)))
        ad["image_urls"] = [f"https://example.com/{number}.jpg" for number in range(8)]
        respelt, misnamed = copy.deepcopy(ad), copy.deepcopy(ad)
        fields = respelt["category_fields"]
        fields["brand"] = "Citroën"
        fields["condition"]["mileage"] = {"unit": "mil", "value": 1540}
        fields["powertrain"] |= {"transmission": "manuell", "fuels": ["Bensin"]}
        respelt["price"][0]["amount"] = "349 900 kr"
        fields = misnamed["category_fields"]
        fields |= {"year": fields.pop("model_year"), "make": fields.pop("brand"), "regnr": fields.pop("registration_number")}
        fields |= {"gearbox": fields["powertrain"].pop("transmission"), "fuel": fields["powertrain"].pop("fuels")}
        units, mixed = copy.deepcopy(ad), copy.deepcopy(ad)
        units["price"] = [{"type": "list", "amount": "349 900 kr"}]
        units["category_fields"] |= {"physics": {"length": "750 cm"}, "condition": {"mileage": "1 540 mil"}}
        units["category_fields"]["powertrain"] |= {"power": "150 hk"}
        fields = mixed["category_fields"]
        fields |= {"make": fields.pop("brand"), "condition": {"mileage": "1 540 mil"}}
        fields["powertrain"] |= {"transmission": "manuell", "fuels": ["Bensin"]}
        mixed["price"][0]["amount"] = "349 900 kr"
        for what, one, changes, least in (
            ("clean", ad, 0, 30_000),
            ("respelt", respelt, 5, 10_000),
            ("misnamed", misnamed, 5, 10_000),
            ("quantities", units, 5, 10_000),
            ("of all sorts", mixed, 5, 10_000),
        ):
            if len(normalise(one).changes) != changes:
                raise SystemExit(f"{what}: not {changes} changes")
            ads, told = rate(lambda: normalise(one)), rate(lambda: normalise(one).findings)  # noqa: B023
            print(f"normalise {slug}, {what}: {ads:,.0f} ads a second (at least {least:,}), {told:,.0f} with every sentence")


def converting() -> None:
    """Print how many V3 ads a second become V4 ads on one core: each complete, without and with a word on its prices."""
    held = catalogue.default()
    for mapping in (
        each
        for way in held.edition_paths.values()
        if not way.back
        for slug, *_ in way.categories
        for each in mappings_for(held, way, slug)
    ):
        ad = example(held.schema(mapping.given))
        ad["image_urls"] = [f"https://example.com/{number}.jpg" for number in range(8)]
        if mapping.automatic:
            words: dict[str, dict[str, Any]] = {"bare": {}, "in kronor": {"price_unit": "kr"}}
            for what, said in words.items():
                if not convert(ad, to="v4", **said).complete:
                    raise SystemExit(f"{mapping.given}: not complete")
                ads = rate(lambda: convert(ad, to="v4", **said).complete)  # noqa: B023
                slips = rate(lambda: convert(ad, to="v4", **said).receipt, 500)  # noqa: B023
                print(f"convert {mapping.given}, {what}: {ads:,.0f} ads a second (at least 30,000), {slips:,.0f} with receipts")
        else:
            ads = rate(lambda: convert(ad, to="v4").questions, 1_000)  # noqa: B023
            print(f"convert {mapping.given}: {ads:,.0f} ads a second with what is asked")


def exchanging() -> None:
    """Print what it takes to check a request with a valid ad, here and by openapi-core alone."""
    from openapi_core import OpenAPI

    from v4schema.openapi import check_request, document, request

    held = catalogue.default()
    alone = OpenAPI.from_dict(document())
    for category in held.edition().categories:
        ad = example(held.schema(Kind(version=held.edition().name, category=category)))
        headers = {"X-Auth-Token": "6d2f7a", "Content-Type": "application/json"}
        sent = request("POST", "https://pro-import-api.blocket.se/v4/ad", headers=headers, body=json.dumps(ad).encode())
        if check_request(sent).errors or [*alone.iter_request_errors(sent)]:
            raise SystemExit(f"{category}: not valid")
        ours, theirs, ratio = each(lambda: check_request(sent), lambda: [*alone.iter_request_errors(sent)], 100)  # noqa: B023
        print(f"check_request {category}: {ours / 1e3:.2f} ms (at most 1), openapi-core {theirs / 1e3:.2f} ms, ratio {ratio:.2f}")


def main(runs: int) -> None:
    """Print each figure with its bound."""
    scripts = Path(sysconfig.get_path("scripts"))
    if not (scripts / "check-jsonschema").exists():
        raise SystemExit("check-jsonschema is missing here; run `pip install --editable '.[dev]'` in this environment.")
    held = catalogue.default()
    with tempfile.TemporaryDirectory() as folder:
        kind = Kind(version=held.edition().name, category=next(iter(held.edition().categories)))
        schema, ad = held.schema(kind), example(held.schema(kind))
        one, bundle = Path(folder, "one.json"), Path(folder, "bundle.json")
        one.write_text(json.dumps(ad, indent=2), "utf-8")
        bundle.write_text(json.dumps(schema), "utf-8")
        ours, theirs, ratio = paired(
            [str(scripts / "v4schema"), "validate", str(one)],
            [str(scripts / "check-jsonschema"), "--schemafile", str(bundle), str(one)],
            runs,
        )
    print(f"cold start: {ours * 1e3:.0f} ms, check-jsonschema {theirs * 1e3:.0f} ms, ratio {ratio:.2f} (at most 0.50)")
    python = sys.executable
    ours, theirs, _ = paired([python, "-c", "import v4schema"], [python, "-c", "pass"], runs)
    print(f"import v4schema: {(ours - theirs) * 1e3:.1f} ms more than a bare interpreter (at most 15)")
    for kind in (Kind(version=edition.name, category=slug) for edition in held.editions.values() for slug in edition.categories):
        ad = example(held.schema(kind))
        engine = compile_schema(held.schema(kind))
        if engine.accepts(ad):
            whole, bare, ratio = each(lambda: validate(ad, version=kind.version), lambda: engine.accepts(ad))  # noqa: B023
            print(f"validate {kind}: {whole:.1f} µs, engine alone {bare:.1f} µs, ratio {ratio:.2f} (at most 3)")
    exchanging()
    normalising()
    converting()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="?", type=int, default=15, help="how often a command is started (default: %(default)s)")
    main(parser.parse_args().runs)
