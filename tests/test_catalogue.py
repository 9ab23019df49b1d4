"""The catalogue: names, files, and schemas by kind."""

import zipfile
import zipimport
from dataclasses import replace
from pathlib import Path

import pytest

from v4schema import Kind, errors
from v4schema import catalogue as catalogues
from v4schema.catalogue import Catalogue
from v4schema.catalogue.messages import DisplayValue
from v4schema.dialect.fields import subschema_at


def test_schemas_are_read_from_an_archive(schemas: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package in a zip file finds its schemas through its loader."""
    archive = tmp_path / "package.zip"
    with zipfile.ZipFile(archive, "w") as zipped:
        for path in schemas.rglob("*.json"):
            zipped.write(path, f"schemas/{path.relative_to(schemas).as_posix()}")
    monkeypatch.setattr(catalogues, "__loader__", zipimport.zipimporter(str(archive)))
    catalogue = Catalogue(archive / "schemas")
    assert catalogue.schema(Kind(version="v4", category="moped")) == Catalogue().schema(Kind(version="v4", category="moped"))
    with pytest.raises(errors.InvalidSchemas, match=r"nothing\.json"):
        catalogue.read("nothing.json")


def test_a_variable_names_the_folder_of_schemas(schemas: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The library reads V4SCHEMA_SCHEMAS as the command does."""
    monkeypatch.setenv("V4SCHEMA_SCHEMAS", str(schemas))
    assert catalogues.default.__wrapped__().editions.keys() == Catalogue().editions.keys()
    monkeypatch.setenv("V4SCHEMA_SCHEMAS", str(tmp_path))
    with pytest.raises(errors.InvalidSchemas, match=r"catalogue\.json"):
        _ = catalogues.default.__wrapped__().editions


def test_unknown_names_are_refused_with_the_known_ones(catalogue: Catalogue) -> None:
    """They may be an edition, a category, an operation or a unit."""
    with pytest.raises(errors.UnknownName, match="Unknown unit 'furlong'"):
        catalogue.quantity_kind("furlong")
    with pytest.raises(errors.UnknownName, match="Did you mean moped"):
        catalogue.schema(Kind(version="v4", category="moperd"))
    with pytest.raises(errors.UnknownName) as caught:
        catalogue.edition("x")
    assert (caught.value.what, caught.value.name, caught.value.choices) == ("edition", "x", tuple(catalogue.editions))


def test_an_edition_ignores_words_for_categories_of_another(catalogue: Catalogue) -> None:
    """An edition knows only the words for its own categories."""
    edition = catalogue.edition("v3")
    without = {slug: category for slug, category in edition.categories.items() if slug != "camper"}
    assert edition.category("motorhome") is edition.categories["camper"]
    assert replace(edition, categories=without).category("motorhome") is None


def test_the_same_schema_is_the_same_object(catalogue: Catalogue) -> None:
    """A schema is flattened only once."""
    assert catalogue.schema(Kind(version="v4", category="car")) is catalogue.schema(Kind(version="v4", category="car"))


def test_a_place_without_a_field_has_no_description(catalogue: Catalogue) -> None:
    """A place that no field leads to has no description, at any depth."""
    assert subschema_at(catalogue.schema(Kind(version="v4", category="car")), ("nothing", "at", "all")) is None


def test_a_private_value_is_not_shown_in_any_form(catalogue: Catalogue) -> None:
    """It is shown neither as it is, nor converted, nor is any member of it."""
    hidden = DisplayValue({"phone": 3500000}, catalogue, private=True)
    assert f"{hidden} {hidden['phone']} {hidden['phone']:öre>kr}" == "this value this value this value"
    assert (
        f"{DisplayValue(3500000, catalogue):öre>kr} {DisplayValue('x', catalogue):öre>kr} {DisplayValue(3, catalogue)['a']}"
        == '35000 "x" null'
    )
