"""Measure the speed that the project promises, mostly as ratios within one run, because machines differ and are noisy.

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

from v4schema import Kind, convert, normalise, validate
from v4schema import catalogue as catalogues
from v4schema.conversion.mappings import mappings_for
from v4schema.dialect.engines import compile_schema
from v4schema.dialect.fields import example


def wall_time(command: Sequence[str]) -> float:
    """Return the seconds of wall time that a command takes."""
    start = time.perf_counter()
    subprocess.run(command, capture_output=True, check=False)
    return time.perf_counter() - start


def compare_commands(first: Sequence[str], second: Sequence[str], runs: int) -> tuple[float, float, float]:
    """Return the median seconds of two commands that run in turn, and the median of their ratios."""
    pairs = [(wall_time(first), wall_time(second)) for _ in range(runs + 1)][1:]
    return (
        statistics.median(one for one, _ in pairs),
        statistics.median(two for _, two in pairs),
        statistics.median(one / two for one, two in pairs),
    )


def compare_calls(first: Callable[[], object], second: Callable[[], object], number: int = 5_000) -> tuple[float, float, float]:
    """Return the median microseconds of two functions that are called in turn, and the median of their ratios."""
    rounds = [(timeit.timeit(first, number=number), timeit.timeit(second, number=number)) for _ in range(15)]
    one, two = (statistics.median(times) / number * 1e6 for times in zip(*rounds, strict=True))
    return one, two, statistics.median(first / second for first, second in rounds)


def rate(call: Callable[[], object], number: int = 3_000) -> float:
    """Return how many calls a second can be made: the median of seven rounds."""
    return number / statistics.median(timeit.repeat(call, number=number, repeat=7))


def measure_normalise() -> None:
    """Print how many ads a second one core normalises: normalised ads, and ads with five things to fix."""
    catalogue = catalogues.default()
    for slug in ("car", "camper"):
        ad = example(catalogue.schema(Kind(version="v4", category=slug)))
        ad["image_urls"] = [f"https://example.com/{number}.jpg" for number in range(8)]
        respelled, misnamed = copy.deepcopy(ad), copy.deepcopy(ad)
        fields = respelled["category_fields"]
        fields["brand"] = "Citroën"
        fields["condition"]["mileage"] = {"unit": "mil", "value": 1540}
        fields["powertrain"] |= {"transmission": "manuell", "fuels": ["Bensin"]}
        respelled["price"][0]["amount"] = "349 900 kr"
        fields = misnamed["category_fields"]
        fields |= {"year": fields.pop("model_year"), "make": fields.pop("brand"), "regnr": fields.pop("registration_number")}
        fields |= {"gearbox": fields["powertrain"].pop("transmission"), "fuel": fields["powertrain"].pop("fuels")}
        quantities, mixed = copy.deepcopy(ad), copy.deepcopy(ad)
        quantities["price"] = [{"type": "list", "amount": "349 900 kr"}]
        quantities["category_fields"] |= {"physics": {"length": "750 cm"}, "condition": {"mileage": "1 540 mil"}}
        quantities["category_fields"]["powertrain"] |= {"power": "150 hk"}
        fields = mixed["category_fields"]
        fields |= {"make": fields.pop("brand"), "condition": {"mileage": "1 540 mil"}}
        fields["powertrain"] |= {"transmission": "manuell", "fuels": ["Bensin"]}
        mixed["price"][0]["amount"] = "349 900 kr"
        for name, given, changes, least in (
            ("clean", ad, 0, 30_000),
            ("respelled", respelled, 5, 10_000),
            ("misnamed", misnamed, 5, 10_000),
            ("quantities", quantities, 5, 10_000),
            ("mixed", mixed, 5, 10_000),
        ):
            if len(normalise(given).changes) != changes:
                raise SystemExit(f"{name}: not {changes} changes")
            ads, reported = rate(lambda: normalise(given)), rate(lambda: normalise(given).findings)  # noqa: B023
            print(f"normalise {slug}, {name}: {ads:,.0f} ads a second (at least {least:,}), {reported:,.0f} with all findings")


def measure_convert() -> None:
    """Print how many V3 ads a second one core converts to V4, with and without a price unit, and with questions."""
    catalogue = catalogues.default()
    for mapping in (
        each
        for path in catalogue.edition_paths.values()
        if not path.back
        for slug, *_ in path.categories
        for each in mappings_for(catalogue, path, slug)
    ):
        ad = example(catalogue.schema(mapping.given))
        ad["image_urls"] = [f"https://example.com/{number}.jpg" for number in range(8)]
        if mapping.automatic:
            settings: dict[str, dict[str, Any]] = {"bare": {}, "in kronor": {"price_unit": "kr"}}
            for name, units in settings.items():
                if not convert(ad, to="v4", **units).complete:
                    raise SystemExit(f"{mapping.given}: not complete")
                ads = rate(lambda: convert(ad, to="v4", **units).complete)  # noqa: B023
                receipts = rate(lambda: convert(ad, to="v4", **units).receipt, 500)  # noqa: B023
                print(
                    f"convert {mapping.given}, {name}: {ads:,.0f} ads a second (at least 30,000), {receipts:,.0f} with receipts"
                )
        else:
            ads = rate(lambda: convert(ad, to="v4").questions, 1_000)  # noqa: B023
            print(f"convert {mapping.given}: {ads:,.0f} ads a second with questions")


def measure_check_request() -> None:
    """Print how long it takes to check a request with a valid ad, here and by openapi-core alone."""
    from openapi_core import OpenAPI

    from v4schema.openapi import check_request, document, request

    catalogue = catalogues.default()
    alone = OpenAPI.from_dict(document())
    for category in catalogue.edition().categories:
        ad = example(catalogue.schema(Kind(version=catalogue.edition().name, category=category)))
        headers = {"X-Auth-Token": "6d2f7a", "Content-Type": "application/json"}
        exchange = request("POST", "https://pro-import-api.blocket.se/v4/ad", headers=headers, body=json.dumps(ad).encode())
        if check_request(exchange).errors or [*alone.iter_request_errors(exchange)]:
            raise SystemExit(f"{category}: not valid")
        ours, theirs, ratio = compare_calls(lambda: check_request(exchange), lambda: [*alone.iter_request_errors(exchange)], 100)  # noqa: B023
        print(f"check_request {category}: {ours / 1e3:.2f} ms (at most 1), openapi-core {theirs / 1e3:.2f} ms, ratio {ratio:.2f}")


def main(runs: int) -> None:
    """Print each measurement with its bound."""
    scripts = Path(sysconfig.get_path("scripts"))
    if not (scripts / "check-jsonschema").exists():
        raise SystemExit("check-jsonschema is missing here; run `pip install --editable '.[dev]'` in this environment.")
    catalogue = catalogues.default()
    with tempfile.TemporaryDirectory() as folder:
        kind = Kind(version=catalogue.edition().name, category=next(iter(catalogue.edition().categories)))
        schema, ad = catalogue.schema(kind), example(catalogue.schema(kind))
        ad_file, schema_file = Path(folder, "ad.json"), Path(folder, "schema.json")
        ad_file.write_text(json.dumps(ad, indent=2), "utf-8")
        schema_file.write_text(json.dumps(schema), "utf-8")
        ours, theirs, ratio = compare_commands(
            [str(scripts / "v4schema"), "validate", str(ad_file)],
            [str(scripts / "check-jsonschema"), "--schemafile", str(schema_file), str(ad_file)],
            runs,
        )
    print(f"cold start: {ours * 1e3:.0f} ms, check-jsonschema {theirs * 1e3:.0f} ms, ratio {ratio:.2f} (at most 0.50)")
    python = sys.executable
    ours, theirs, _ = compare_commands([python, "-c", "import v4schema"], [python, "-c", "pass"], runs)
    print(f"import v4schema: {(ours - theirs) * 1e3:.1f} ms more than a bare interpreter (at most 15)")
    for kind in (
        Kind(version=edition.name, category=slug) for edition in catalogue.editions.values() for slug in edition.categories
    ):
        ad = example(catalogue.schema(kind))
        engine = compile_schema(catalogue.schema(kind))
        if engine.accepts(ad):
            ours, theirs, ratio = compare_calls(lambda: validate(ad, version=kind.version), lambda: engine.accepts(ad))  # noqa: B023
            print(f"validate {kind}: {ours:.1f} µs, engine alone {theirs:.1f} µs, ratio {ratio:.2f} (at most 3)")
    measure_check_request()
    measure_normalise()
    measure_convert()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="?", type=int, default=15, help="how often a command is started (default: %(default)s)")
    main(parser.parse_args().runs)
