import json
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from commands import Run
from folders import some
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from hypothesis_profiles import examples
from json_strategies import CATALOGUE, KINDS, Ad, ads, broken
from jsonschema_rs import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

import v4schema
from v4schema import Kind
from v4schema.catalogue import Catalogue
from v4schema.document import pointer
from v4schema.errors import InvalidSchemas, NoDescription, UnknownName
from v4schema.openapi import check_request, document, request
from v4schema.openapi.description import described_editions

VERSIONS = described_editions(CATALOGUE)
OPERATIONS = [(version, operation) for version in VERSIONS for operation in CATALOGUE.edition(version).operations]
#: The endpoints of the guide with their documented statuses; those of a delete are not documented.
ENDPOINTS = {
    "post /ad": {"201", "400", "401", "403", "409"},
    "get /ad": {"200", "401", "403"},
    "get /ad/{source_id}": {"200", "401", "403", "404"},
    "put /ad/{source_id}": {"200", "400", "401", "403", "404"},
    "patch /ad/{source_id}": {"200", "400", "401", "403", "404"},
    "delete /ad/{source_id}": {"2XX", "401", "403", "404"},
    "get /ad/{source_id}/log": {"200", "401", "403", "404"},
    "post /ad/{source_id}/migrate": {"200", "201", "400", "401", "403", "404"},
}

#: How each edition writes the number of a category.
OWN: dict[str, Callable[[int], object]] = {"v3": int, "v4": str}

described = cache(document)


def nodes(node: object, at: pointer.Place = ()) -> Iterator[tuple[pointer.Place, dict[str, Any]]]:
    """Yield every object of a document, with its place."""
    if isinstance(node, dict):
        yield at, node
    below = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for token, each in below:
        yield from nodes(each, (*at, token))


def operations(version: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every operation of an edition's description, by method and path."""
    for path, item in described(version)["paths"].items():
        for method, operation in item.items():
            if isinstance(operation, dict):
                yield f"{method} {path.removeprefix('/' + version)}", operation


def meant(version: str, node: dict[str, Any]) -> dict[str, Any]:
    """Return a part of a description, or the part that it refers to."""
    found: Any = pointer.get(described(version), pointer.parse(node["$ref"])) if "$ref" in node else node
    return dict(found)


def choice(version: str, operation: str) -> str:
    """The name of the component that is the choice of ads for an operation."""
    (name,) = [name for name, node in described(version)["components"]["schemas"].items() if node.get("x-operation") == operation]
    return str(name)


@cache
def taken(version: str, operation: str) -> Draft202012Validator:
    """Return a validator of the ads that the description accepts for an operation."""
    reference = f"#/components/schemas/{choice(version, operation)}"
    return Draft202012Validator({"$ref": reference, "components": described(version)["components"]})


@pytest.mark.no_cover
@pytest.mark.slow
@pytest.mark.parametrize("version", VERSIONS)
def test_each_edition_is_described_in_openapi_3_1(version: str) -> None:
    """A validator of OpenAPI accepts the description, and it names the dialect of its schemas."""
    OpenAPIV31SpecValidator(described(version)).validate()
    assert described(version)["jsonSchemaDialect"] == "https://json-schema.org/draft/2020-12/schema"


@pytest.mark.parametrize("version", VERSIONS)
def test_every_endpoint_has_its_documented_statuses(version: str) -> None:
    """Create, list, get, replace, change, delete, log, and in V4 migrate; all but one have a schema of the body."""
    expected = {name: statuses for name, statuses in ENDPOINTS.items() if version != "v3" or "migrate" not in name}
    assert {name: {*operation["responses"]} for name, operation in operations(version)} == expected
    for name, operation in operations(version):
        for status, response in operation["responses"].items():
            body = meant(version, response).get("content", {}).get("application/json", {})
            assert bool(body.get("schema")) != (status == "2XX"), (name, status)


@pytest.mark.parametrize("version", VERSIONS)
def test_operations_have_identifiers_and_need_a_token(version: str) -> None:
    """Each has its own identifier, a described tag, its documents, and the header of the guide."""
    document = described(version)
    identifiers = [operation["operationId"] for _, operation in operations(version)]
    assert len({*identifiers}) == len(identifiers)
    for _, operation in operations(version):
        assert {*operation["tags"]} <= {tag["name"] for tag in document["tags"] if tag["description"]}
        assert {*operation["x-source"]} <= CATALOGUE.documents.keys()
    (requirement,) = document["security"]
    (scheme,) = [document["components"]["securitySchemes"][name] for name in requirement]
    assert (scheme["type"], scheme["in"], scheme["name"]) == ("apiKey", "header", "X-Auth-Token")
    servers = [server["url"] for server in document["servers"]]
    assert servers == ["https://api.blocket.se/pro-import-api", "https://pro-import-api.blocket.se"]


@pytest.mark.parametrize("version", VERSIONS)
def test_references_are_local_and_every_component_is_used(version: str) -> None:
    """All have a target in the document; no schema has an $id or a keyword of ours except those that document it."""
    document = described(version)
    used = set()
    for _, node in nodes(document):
        if "$ref" in node:
            assert node["$ref"].startswith("#/")
            assert isinstance(pointer.get(document, pointer.parse(node["$ref"])), dict)
            used.add(node["$ref"])
        assert "$id" not in node
        assert {key for key in node if key.startswith("x-")} <= {"x-source", "x-operation", "x-token", "x-documents"}
    made = {f"#/components/{kind}/{name}" for kind, those in document["components"].items() for name in those}
    assert made - used == {"#/components/securitySchemes/Token"}


@pytest.mark.parametrize(("version", "operation"), OPERATIONS)
def test_a_body_is_a_choice_over_all_categories(version: str, operation: str) -> None:
    """Each category is a component; if an ad has to name its category, the discriminator maps each number to a branch."""
    document, edition = described(version), CATALOGUE.edition(version)
    node = document["components"]["schemas"][choice(version, operation)]
    branches = [branch["$ref"] for branch in node.get("oneOf", node.get("anyOf"))]
    assert len({*branches}) == len(branches)
    if "oneOf" in node:
        mapping = node["discriminator"]["mapping"]
        assert node["discriminator"]["propertyName"] == "category_id"
        assert mapping.keys() == {str(category.id) for category in edition.categories.values()}
        assert [*mapping.values()] == branches
    for category, reference in zip(edition.categories.values(), branches, strict=False):
        branch: Any = pointer.get(document, pointer.parse(reference))
        assert "category_id" in branch["required"]
        assert branch["properties"]["category_id"]["enum"] == [*dict.fromkeys([OWN[version](category.id), str(category.id)])]
    assert len(branches) == len(edition.categories) + ("anyOf" in node)
    if "anyOf" in node:
        assert taken(version, operation).is_valid({})
        assert not taken(version, operation).is_valid({"category_id": OWN[version](1)})


def test_creating_and_replacing_an_ad_are_discriminated_choices() -> None:
    """The guide requires the category there; a change and a migration may leave it out."""
    schemas = described("v4")["components"]["schemas"]
    discriminated = {operation for _, operation in OPERATIONS if "discriminator" in schemas[choice("v4", operation)]}
    assert discriminated == {"create", "replace"}


@given(st.data())
@examples(30, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@pytest.mark.parametrize(("version", "operation"), OPERATIONS)
def test_the_description_accepts_what_validate_accepts(version: str, operation: str, data: st.DataObject) -> None:
    """The schema of an operation accepts exactly the ads without errors; it also accepts misspelt names.

    If the number of a category is text, it refuses a number, which is only a warning of `validate`.
    """
    kind = data.draw(st.sampled_from([kind for kind in KINDS if kind.version == version]))
    ad = data.draw(broken(ads(kind, operation)))
    report = v4schema.validate(ad, version=version, operation=operation)
    right = all(finding.code == "field.misnamed" for finding in report.errors)
    written = version == "v3" or not isinstance(ad.get("category_id"), int | float)
    assert taken(version, operation).is_valid(ad) == (right and written)


@pytest.mark.parametrize("slug", ["dinghy", "truck-and-bus"])
def test_an_undocumented_category_has_the_shared_fields(slug: str) -> None:
    """A category that documents only name has a branch as well."""
    kind = Kind(version="v3", category=slug)
    ad: Ad = {"source_id": "1", "category_id": CATALOGUE.edition("v3").categories[slug].id, "price": [], "category_fields": {}}
    assert not taken("v3", "create").is_valid(ad)
    assert not v4schema.validate(ad, version="v3").valid
    ad["price"] = [{"type": "list", "amount": 1, "currency": "SEK"}]
    assert taken("v3", "create").is_valid(ad)
    report = v4schema.validate(ad, version="v3")
    assert (report.kind, report.valid) == (kind, True)


@pytest.mark.slow
def test_the_examples_are_those_of_the_guide(checkout: Path) -> None:
    """They are unchanged, and each matches its schema."""
    examples = described("v4")["components"]["examples"]
    for name in ("moped", "camper"):
        ad = json.loads((checkout / "examples" / f"{name}.json").read_text("utf-8"))
        assert examples[name.capitalize()]["value"] == ad
        assert taken("v4", "create").is_valid(ad)
        assert taken("v4", "replace").is_valid(ad)
    assert taken("v4", "update").is_valid(examples["Reduced"]["value"])
    assert examples["Reduced"]["value"]["price"] == [{"type": "reduced", "amount": 32000, "currency": "SEK"}]
    bodies = {
        name: [each["value"] for each in response["content"]["application/json"]["examples"].values()]
        for name, response in described("v4")["components"]["responses"].items()
    }
    assert bodies == {
        "Invalid": [{"category_fields": {"brand": ["This field is required."]}}],
        "Unauthorised": [{"detail": "Authentication credentials were not provided."}],
        "Forbidden": [{"detail": "You do not have permission to perform this action."}],
        "NotFound": [{"detail": "Not found."}],
        "Conflict": [{"source_id": ["Ad with this source_id already exists."]}],
    }
    seen = 0
    for version in VERSIONS:
        for _, node in nodes(described(version)):
            if {"schema", "examples"} <= node.keys():
                takes = Draft202012Validator({**node["schema"], "components": described(version)["components"]}).is_valid
                values = [meant(version, each)["value"] for each in node["examples"].values()]
                assert all(map(takes, values))
                seen += len(values)
            for whole in node.get("examples", ()) if "properties" in node else ():
                assert Draft202012Validator({**node, "components": described(version)["components"]}).is_valid(whole)
                seen += 1
    assert seen > 60


def test_forbidden_fields_are_refused_and_others_deprecated() -> None:
    """A description has no warnings; a rule that only warns does not refuse."""
    car = described("v3")["components"]["schemas"]["Car"]["properties"]
    assert car["title"]["not"] == {}
    moped = described("v4")["components"]["schemas"]["Moped"]["properties"]
    assert (moped["title"]["type"], moped["title"]["deprecated"], moped["contact"]["deprecated"]) == ("string", True, True)
    assert "equipments" not in described("v4")["components"]["schemas"]["MopedCategoryFields"]["properties"]


def test_each_description_is_a_new_copy() -> None:
    """A change to one does not affect the next."""
    document("v4")["components"]["examples"]["Moped"]["value"].clear()
    document("v4")["x-documents"].clear()
    assert document("v4") == described("v4")
    assert described("v4")["x-documents"] == CATALOGUE.documents


def test_an_edition_without_a_description_is_refused(schemas: Path, tmp_path: Path) -> None:
    """The error names the editions that have one; an unknown edition is an unknown name."""
    with pytest.raises(UnknownName):
        document("v9")
    catalogue = altered(
        schemas, tmp_path, "catalogue.json", lambda content: [edition.pop("openapi") for edition in content["editions"][1:]]
    )
    with pytest.raises(NoDescription, match=r"v4 has no OpenAPI description. Editions that have one: v3."):
        document(catalogue=catalogue)
    assert described_editions(catalogue) == ["v3"]
    catalogue = altered(
        schemas, tmp_path, "catalogue.json", lambda content: [edition.pop("openapi") for edition in content["editions"]]
    )
    with pytest.raises(NoDescription, match=r"v4 has no OpenAPI description. Editions that have one: none."):
        check_request(request("GET", "https://api.blocket.se/v4/ad"), catalogue=catalogue)


def test_a_number_with_a_warning_is_described(schemas: Path, tmp_path: Path) -> None:
    """It is described if the edition accepts no other."""
    catalogue = altered(
        schemas,
        tmp_path,
        "v4/moped.json",
        lambda content: content["properties"].update(category_id={"x-source": ["S"], "enum": [1121]}),
    )
    moped = document("v4", catalogue=catalogue)["components"]["schemas"]["Moped"]
    assert moped["properties"]["category_id"]["enum"] == [1121, "1121"]


@pytest.mark.slow
def test_only_used_components_exist(schemas: Path, tmp_path: Path) -> None:
    """Without an endpoint, its bodies are no components; without examples, a category has none."""
    catalogue = altered(schemas, tmp_path, "v4/openapi.json", lambda content: content["paths"].pop("/v4/ad/{source_id}/migrate"))
    made = document("v4", catalogue=catalogue)["components"]["schemas"]
    assert "AdUpdate" in made
    assert not [name for name in made if name.endswith("Migrate")]
    catalogue = altered(
        schemas, tmp_path, "shared/moped.json", lambda content: content["properties"]["category_fields"].pop("properties")
    )
    made = document("v4", catalogue=catalogue)["components"]["schemas"]
    assert ("examples" in made["Car"], "examples" in made["Moped"]) == (True, False)


@pytest.mark.slow
def test_objects_with_one_name_are_separate_components(schemas: Path, tmp_path: Path) -> None:
    """An object may have the name of another one or of a category."""

    def crowd(schema: dict[str, Any]) -> None:
        about = {"description": "Another.", "x-source": ["S"], "type": "object"}
        inner = {**about, "properties": {"price": {**about, "properties": {"sum": {**about, "type": "number"}}}}}
        schema["properties"]["category_fields"]["properties"] |= {"price": inner, "moped": {**about, "properties": {}}}

    made = document("v4", catalogue=altered(schemas, tmp_path, "v4/moped.json", crowd))
    OpenAPIV31SpecValidator(made).validate()
    price = made["components"]["schemas"]["MopedCategoryFields"]["properties"]["price"]
    inner = pointer.get(made, pointer.parse(price["$ref"]))
    innermost = pointer.get(made, pointer.parse(pointer.text(inner, ("properties", "price", "$ref")) or ""))
    assert pointer.get(innermost, ("properties", "sum", "type")) == "number"
    assert "source_id" in made["components"]["schemas"]["Moped"]["properties"]


def altered(schemas: Path, folder: Path, name: str, change: Any) -> Catalogue:  # noqa: ANN401
    """Return a catalogue of some of the schemas, one file of which is changed."""
    some(schemas, folder, "car", "moped", "hunting")
    content = json.loads((folder / name).read_text("utf-8"))
    change(content)
    (folder / name).write_text(json.dumps(content), "utf-8")
    return Catalogue(folder)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda schemas: schemas["LogEntry"].update({"$ref": "any.json#/properties/lug"}),
            "any.json#/properties/lug refers to nothing",
        ),
        (
            lambda schemas: schemas["LogEntry"].update({"$ref": "moped.json#/properties/log"}),
            "is not part of the common schema",
        ),
        (lambda schemas: schemas["LogEntry"].update({"x-operation": "fly"}), "is used for fly, which is not an operation of v4"),
        (lambda schemas: schemas["LogEntry"].pop("x-operation"), "is used for None, which is not an operation of v4"),
    ],
)
def test_a_reference_without_a_target_is_damaged(change: Any, message: str, schemas: Path, tmp_path: Path) -> None:  # noqa: ANN401
    """The error is raised when the description is created, and before the caller's own folder is used."""
    catalogue = altered(schemas, tmp_path, "v4/openapi.json", lambda content: change(content["components"]["schemas"]))
    with pytest.raises(InvalidSchemas, match=message):
        document("v4", catalogue=catalogue)


@pytest.mark.slow
def test_the_callers_own_folder_is_checked_by_the_meta_schema(schemas: Path, tmp_path: Path, run: Run) -> None:
    """An operation without documents is refused."""
    altered(schemas, tmp_path / "custom", "v4/openapi.json", lambda content: content["paths"]["/v4/ad"]["post"].pop("x-source"))
    refused = run("openapi", "--schemas", str(tmp_path / "custom"))
    assert refused.exit_code == 2
    assert "/paths/~1v4~1ad/post does not match meta/openapi.json" in " ".join(refused.stderr.split())


def test_the_command_prints_the_description(run: Run, in_empty_folder: Path) -> None:
    """It is that of the default edition unless one is named, and goes to standard output or to a file."""
    assert json.loads(run("openapi").stdout) == described("v4")
    done = run("openapi", "v3", "--output", "v3.json")
    assert (done.exit_code, done.stdout) == (0, "")
    assert json.loads((in_empty_folder / "v3.json").read_text("utf-8")) == described("v3")
    wrong = run("openapi", "v5")
    assert (wrong.exit_code, wrong.stdout) == (2, "")
    assert "Unknown edition 'v5'. Known: v3, v4." in wrong.stderr
