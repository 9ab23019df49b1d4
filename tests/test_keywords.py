"""The table of keywords matches the dialect; a new keyword needs a row, a place in the meta-schema, and a message."""

import json
import os
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any, cast

import pytest
import reference_pages
from folders import some
from hypothesis import Phase, find, settings

import v4schema
from v4schema.catalogue import Catalogue, default
from v4schema.dialect import keywords
from v4schema.dialect.engines import compile_schema
from v4schema.dialect.keywords import KEYWORDS, Keyword, Role
from v4schema.document.json_value import json_equal
from v4schema.strategies.domains import EVERYTHING
from v4schema.strategies.narrowing import Narrower
from v4schema.strategies.sampling import Sampler

#: Rows of keywords of JSON Schema that the dialect lacks.
ROWS = """
    Keyword(name="multipleOf", role=Role.ASSERTION, types=_NUMBERS, listing="a multiple of {}", portable=True),
    Keyword(name="maxProperties", role=Role.ASSERTION, types=("object",), listing="members ≤ {}", portable=True),
"""
#: The script that runs in a copy of the package with these rows.
TRIAL = """
import json, sys
from hypothesis import Phase, find, settings
from v4schema import Kind, openapi, strategies, validate
from v4schema.catalogue import default
from v4schema.dialect.engines import ENGINES
from v4schema.lint import check
from v4schema.output import listing

catalogue, kind = default(), Kind(version="v4", category="moped")
ad = json.loads(sys.argv[1])
found = {name: [(each.code, each.at, each.message) for each in validate(ad, engine=name).errors] for name in ENGINES}
rows = {place: types for place, types, *_ in listing.field_rows(catalogue.schema(kind))}
only = {"multipleOf", "maxProperties"}
misses, once = {}, settings(phases=[Phase.generate], max_examples=100)
for keyword in sorted(only):
    chosen = strategies.near_misses(category="moped", operation="update", only=lambda each: each.keyword == keyword)
    miss = find(chosen, lambda _: True, settings=once)
    misses[keyword] = [miss.finding.code, miss.finding.at]
ads = strategies.ads(category="moped", operation="update")
drawn = find(ads, lambda ad: "model_year" in ad.get("category_fields", {}), settings=once)
check(catalogue)  # raises if anything is wrong
print(json.dumps({
    "found": found,
    "rows": [rows["/category_fields/model_year"], rows["/category_fields/condition"]],
    "misses": misses,
    "drawn": drawn["category_fields"]["model_year"] % 5,
    "openapi": "multipleOf" in json.dumps(openapi.document(catalogue=catalogue)),
}))
"""


def test_the_table_and_the_meta_schema_have_the_same_keywords(catalogue: Catalogue) -> None:
    """The flat form has one more, because every object in it is closed."""
    meta = catalogue.read("meta/dialect.json")
    named = {*meta["properties"]}.union(*(meta["$defs"][each]["properties"] for each in ("field", "rule", "bare")))
    assert {*KEYWORDS} - named == {"additionalProperties"}
    assert not named - {*KEYWORDS}


def test_every_assertion_has_a_message(catalogue: Catalogue) -> None:
    """Exceptions are keywords that belong to another one, and those whose failure has a code of its own."""
    coded = {"additionalProperties", "not", "contains", "anyOf"}
    for keyword in KEYWORDS.values():
        if keyword.role is Role.ASSERTION and not keyword.read_with and keyword.name not in coded:
            assert f"schema.{keyword.name}" in catalogue.finding_codes


def test_every_keyword_is_described(catalogue: Catalogue) -> None:
    """The reference page of keywords is made from these descriptions."""
    rows = [line.split("|") for line in reference_pages.pages(catalogue)["keywords.md"].splitlines() if line.startswith("| `")]
    assert {name.strip(" `") for _, name, _, text, _ in rows if len(text.strip()) > 10} >= {*KEYWORDS} - {
        *("additionalProperties", "title", "$schema", "$id", "$defs")
    }


@pytest.mark.parametrize(
    ("schema", "accepted"),
    [
        ({"type": "integer", "multipleOf": 7, "minimum": 1, "maximum": 20}, [7, 14]),
        ({"type": "number", "multipleOf": 0.5, "minimum": 0, "maximum": 1, "not": {"type": "integer"}}, [0.5]),
        ({"type": "object", "maxProperties": 1}, [{}]),
        ({"type": "string", "multipleOf": 7}, [""]),
    ],
)
def test_values_for_a_keyword_without_a_domain_are_checked(
    schema: dict[str, Any], accepted: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Drawn values match it, or, if they have to fail it, do not."""
    for name, types in (("multipleOf", ("integer", "number")), ("maxProperties", ("object",))):
        monkeypatch.setitem(cast("dict[str, Keyword]", KEYWORDS), name, Keyword(name=name, role=Role.ASSERTION, types=types))
    monkeypatch.setattr(keywords, "ASSERTING", keywords.ASSERTING | {"multipleOf", "maxProperties"})
    samples = {name: default().read("samples.json")[name] for name in ("texts", "letters", "names")}
    sampler, once = Sampler(narrow=Narrower(), **samples), settings(phases=[Phase.generate], max_examples=500)
    for value in accepted:
        assert find(sampler.accepted_by(schema), partial(json_equal, value), settings=once) == value
    (keyword,) = schema.keys() & {"multipleOf", "maxProperties"}
    failing = sampler.narrow(sampler.narrow(EVERYTHING, {"type": schema["type"]}), {keyword: schema[keyword]}, holds=False)
    assert bool(failing) == (schema["type"] != "string")
    if failing:
        value = find(sampler.values(failing), lambda _: True, settings=once)
        assert not compile_schema({keyword: schema[keyword]}).accepts(value)


@pytest.mark.slow
@pytest.mark.no_cover
def test_a_new_keyword_needs_a_row_a_place_in_the_meta_schema_and_a_message(
    schemas: Path, tmp_path: Path, clean: dict[str, Any]
) -> None:
    """Both engines, near misses, tables of fields, and the OpenAPI description need nothing else."""
    package = Path(v4schema.__file__).parent
    shutil.copytree(package, tmp_path / "v4schema", ignore=shutil.ignore_patterns("schemas", "__pycache__"))
    some(schemas, tmp_path / "schemas")
    table = tmp_path / "v4schema" / "dialect" / "keywords.py"
    table.write_text(table.read_text("utf-8").replace("_TABLE = (\n", f"_TABLE = ({ROWS}", 1), "utf-8")
    _edit(tmp_path / "schemas" / "meta" / "dialect.json", _allow)
    _edit(tmp_path / "schemas" / "findings.json", _word)
    _edit(tmp_path / "schemas" / "shared" / "registered.json", _use)
    clean["category_fields"]["model_year"] = 2021
    assert len(clean["category_fields"]["condition"]) == 2
    environment = {**os.environ, "PYTHONPATH": str(tmp_path), "V4SCHEMA_SCHEMAS": str(tmp_path / "schemas")}
    command = [sys.executable, "-c", TRIAL, json.dumps(clean)]
    done = json.loads(subprocess.run(command, cwd=tmp_path, env=environment, check=True, stdout=subprocess.PIPE).stdout)
    assert len(done["found"]) == 2
    for found in done["found"].values():
        assert ["schema.multipleOf", "/category_fields/model_year", "This is not a multiple of 5."] in found
        assert ["schema.maxProperties", "/category_fields/condition", "This object has more than 1 members."] in found
    assert "a multiple of 5" in done["rows"][0]
    assert "members ≤ 1" in done["rows"][1]
    assert done["misses"] == {
        "maxProperties": ["schema.maxProperties", "/category_fields/condition"],
        "multipleOf": ["schema.multipleOf", "/category_fields/model_year"],
    }
    assert done["drawn"] == 0
    assert done["openapi"]


def _edit(path: Path, change: Any) -> None:  # noqa: ANN401  (a function of parsed JSON)
    content = json.loads(path.read_text("utf-8"))
    change(content)
    path.write_text(json.dumps(content), "utf-8")


def _allow(meta: Any) -> None:  # noqa: ANN401
    meta["$defs"]["field"]["properties"] |= {"multipleOf": {"type": "integer"}, "maxProperties": {"type": "integer"}}


def _use(file: Any) -> None:  # noqa: ANN401
    fields = file["properties"]["category_fields"]["properties"]
    fields["model_year"]["multipleOf"] = 5
    fields["condition"]["maxProperties"] = 1


def _word(file: Any) -> None:  # noqa: ANN401
    for name, message in {
        "multipleOf": "This is not a multiple of {limit}.",
        "maxProperties": "This object has more than {limit} members.",
    }.items():
        file["findings"][f"schema.{name}"] = {
            "level": "error",
            "message": message,
            "meaning": "It is new.",
            "explanation": "New.",
        }
