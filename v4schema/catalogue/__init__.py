"""The only reader of ``schemas/``: which editions and categories there are, and their schemas."""

import json
import os
import posixpath
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache, cached_property, partial
from typing import TYPE_CHECKING, Any

from v4schema import plausibility, spelling
from v4schema.catalogue.editions import Edition, EditionPath, Operation, WrongName, edition_of
from v4schema.dialect.fields import Flattening, Schema, walk
from v4schema.document import pointer
from v4schema.errors import InvalidSchemas, NoMapping, UnknownName
from v4schema.findings.report import Kind

if TYPE_CHECKING:
    from v4schema.catalogue.quantities import QuantityKind
    from v4schema.conversion import mappings

_PACKAGE = os.path.dirname(os.path.abspath(__file__))


class Catalogue:
    """The editions, categories, units, words and findings in a folder of schemas.

    `root` is that folder, by default the one that comes with the package. `lists` are the caller's own lists of allowed
    values, such as ``{"brands": ["volvo", "yamaha"]}``, for the fields whose schema names one by ``x-list``.
    Raises `v4schema.errors.InvalidSchemas` when a file that is needed is missing or is not JSON, and
    `v4schema.errors.UnknownName` for a name that it does not hold.
    """

    def __init__(self, root: str | os.PathLike[str] | None = None, *, lists: Mapping[str, Sequence[str]] | None = None) -> None:
        self._roots = (
            [os.fspath(root)] if root else [os.path.join(_PACKAGE, "schemas"), os.path.join(os.path.dirname(_PACKAGE), "schemas")]
        )
        self._lists = dict(lists or {})
        self._files: dict[str, Any] = {}
        self._schemas: dict[tuple[str, str | None, str], Schema] = {}
        self._mappings: dict[tuple[str, str, str], Sequence[mappings.CategoryMapping]] = {}
        for name in self._lists:
            if name not in self.list_names:
                raise UnknownName("list", name, self.list_names)

    def read(self, name: str) -> Any:  # noqa: ANN401  (parsed JSON of any shape)
        """Return the parsed content of a file, by its path below ``schemas/``."""
        if name not in self._files:
            if name.startswith("../"):
                raise InvalidSchemas(name, "it lies outside the folder")
            try:
                self._files[name] = json.loads(self.text(name))
            except ValueError as error:
                raise InvalidSchemas(name, str(error)) from None
        return self._files[name]

    @property
    def files(self) -> Sequence[str]:
        """The files that have been read so far, by their paths below ``schemas/``."""
        return tuple(self._files)

    @cached_property
    def editions(self) -> Mapping[str, Edition]:
        """The editions by name, oldest first."""
        editions = self.read("catalogue.json")["editions"]
        words = self.read("words.json")["values"].get("category", {})
        return {data["name"]: edition_of(data, words) for data in editions}

    @cached_property
    def findings(self) -> Mapping[str, Mapping[str, Any]]:
        """What is told about each finding code."""
        findings: Mapping[str, Mapping[str, Any]] = self.read("findings.json")["findings"]
        return findings

    @cached_property
    def words(self) -> Mapping[str, Mapping[str, Sequence[Any]]]:
        """What people write for values: tables of words as `v4schema.spelling.word_key` has them, each with what it may mean.

        The table of categories leads from all that `Edition.category` knows to their numbers, as text.
        """
        tables: dict[str, dict[str, list[Any]]] = {}
        for name, table in self.read("words.json")["values"].items():
            listed = {word: meaning if isinstance(meaning, list) else [meaning] for word, meaning in table.items()}
            tables[name] = {spelling.word_key(word): meanings for word, meanings in listed.items()}
        numbers = tables["category"] = {}
        for edition in self.editions.values():
            for word, category in edition.meanings.items():
                numbers.setdefault(spelling.word_key(str(word)), []).append(str(category.id))
        return tables

    @cached_property
    def translations(self) -> Mapping[str, Sequence[Any]]:
        """What people write for values and units, in any table, each with the API's words that it may mean."""
        meanings: dict[str, list[Any]] = {}
        for table in self.words.values():
            for word, several in table.items():
                meanings.setdefault(word, []).extend(several)
        for kind in self.units["kinds"].values():
            for name, unit in kind["units"].items():
                for word in filter(str.isalpha, unit["spellings"]):
                    meanings.setdefault(spelling.word_key(word), []).append(name)
        return meanings

    @cached_property
    def names(self) -> Mapping[str, "WrongName"]:
        """What people call fields, without case and word breaks."""
        return {spelling.name_key(name): WrongName.told(right) for name, right in self.read("words.json")["names"].items()}

    @cached_property
    def documents(self) -> Mapping[str, Mapping[str, str]]:
        """The documents that rules rest on, by code."""
        documents: Mapping[str, Mapping[str, str]] = self.read("catalogue.json")["documents"]
        return documents

    @cached_property
    def list_names(self) -> Sequence[str]:
        """The names of the lists of allowed values that a caller can give, in every edition."""
        kinds = [Kind(version=edition.name, category=slug) for edition in self.editions.values() for slug in edition.categories]
        return sorted({node["x-list"] for kind in kinds for _, node in walk(self.schema(kind)) if "x-list" in node})

    @cached_property
    def category_at(self) -> tuple[str, ...]:
        """The place in an ad that names its category."""
        return pointer.parse(self.read("catalogue.json")["fields"]["category"])

    @cached_property
    def identity_at(self) -> tuple[str, ...]:
        """The place in an ad that tells it from the dealer's other ads."""
        return pointer.parse(self.read("catalogue.json")["fields"]["identity"])

    @cached_property
    def own_at(self) -> tuple[str, ...]:
        """The place in an ad of the fields of the category itself."""
        return pointer.parse(self.read("catalogue.json")["fields"]["own"])

    @cached_property
    def labels_at(self) -> Sequence[tuple[str, ...]]:
        """The places in an ad of what a person knows it by, the best first."""
        return [pointer.parse(place) for place in self.read("catalogue.json")["fields"]["label"]]

    @cached_property
    def unlabelled(self) -> re.Pattern[str]:
        """What is left out of such a text, since it may tell who somebody is."""
        return re.compile(self.read("catalogue.json")["fields"]["unlabelled"])

    @cached_property
    def units(self) -> Mapping[str, Any]:
        """The units by what they measure, as ``units.json`` tells of them."""
        units: Mapping[str, Any] = self.read("units.json")
        return units

    @cached_property
    def given(self) -> str:
        """What stands for the unit that a quantity is given in, where a unit is wanted."""
        return str(self.units["given"])

    @cached_property
    def settings(self) -> Mapping[str, Sequence[str]]:
        """What a caller can say about quantities, each with the units it can be: what bare numbers mean, what is wanted.

        >>> default().settings["mileage"]
        ('km', 'mil', 'given')
        """
        kinds = self.units["kinds"]
        bare = {f"{kind}_unit": tuple(told["units"]) for kind, told in kinds.items()}
        return bare | {kind: (*told["units"], self.given) for kind, told in kinds.items() if "wanted" in told}

    @cached_property
    def unrepeatable(self) -> Sequence[str]:
        """The settings of what bare numbers mean where amounts stay bare numbers: they hold for one time only."""
        return [f"{kind}_unit" for kind, told in self.units["kinds"].items() if told.get("bare")]

    @cached_property
    def quantity_kinds(self) -> Mapping[str, "QuantityKind"]:
        """The kinds of quantities by name, with their units."""
        from v4schema.catalogue import quantities

        return quantities.quantity_kinds(self.units)

    def quantity_kind(self, unit: str) -> "QuantityKind":
        """Return the kind of quantity that a unit is of."""
        for quantity_kind in self.quantity_kinds.values():
            if unit in quantity_kind.units:
                return quantity_kind
        raise UnknownName("unit", unit, (unit for quantity_kind in self.quantity_kinds.values() for unit in quantity_kind.units))

    def measured(self, said: Mapping[str, str]) -> Mapping[str, "QuantityKind"]:
        """Return the measures with what the caller says of bare numbers and of units to write, by the names of `settings`.

        Raises `v4schema.errors.UnknownName` for what there is not.
        """
        bare: dict[str, str] = {}
        wanted = {kind: told["wanted"] for kind, told in self.units["kinds"].items() if "wanted" in told}
        for setting, word in said.items():
            if setting not in self.settings:
                raise UnknownName("setting", setting, self.settings)
            kind = setting.removesuffix("_unit")
            unit = word if word in self.settings[setting] else self.quantity_kinds[kind].unit(str(word))
            if unit is None:
                raise UnknownName(f"unit of {kind}", word, self.settings[setting])
            (wanted if setting == kind else bare)[kind] = unit
        chosen = {kind: unit for kind, unit in wanted.items() if unit != self.given}
        return {kind: replace(each, bare=bare.get(kind), wanted=chosen.get(kind)) for kind, each in self.quantity_kinds.items()}

    def edition(self, name: str | None = None) -> Edition:
        """Return an edition by name, by default the one that the catalogue says."""
        name = self.read("catalogue.json")["default"] if name is None else name
        if name not in self.editions:
            raise UnknownName("edition", name, self.editions)
        return self.editions[name]

    def operation(self, version: str | None, name: str) -> Operation:
        """Return an operation of an edition."""
        edition = self.edition(version)
        if name not in edition.operations:
            raise UnknownName(f"operation of {edition.name}", name, edition.operations)
        return edition.operations[name]

    def kind(self, version: str | None, category: object) -> Kind:
        """Return the kind of ad that the caller's own words mean."""
        edition = self.edition(version)
        found = edition.category(category)
        if found is None:
            raise UnknownName(f"category of {edition.name}", category, edition.categories)
        return Kind(version=edition.name, category=found.slug)

    @cached_property
    def ways(self) -> Mapping[tuple[str, str], EditionPath]:
        """The ways between editions, by the names of both: those that are written down, and the same turned round."""
        told = [EditionPath.told(way) for way in self.read("catalogue.json")["mappings"]]
        return {(way.version, way.to): way for way in [*(way.reversed_path for way in told), *told]}

    def way(self, to: str, version: str | None = None) -> EditionPath:
        """Return the way to an edition from another, by default from the nearest one that is older, or else newer.

        Raises `v4schema.errors.UnknownName` where there is no such edition, `v4schema.errors.NoMapping` where no mapping leads.
        """
        names = [*self.editions]
        there = names.index(self.edition(to).name)
        nearest = sorted(names, key=lambda name: (names.index(name) > there, abs(names.index(name) - there)))
        given = next((name for name in nearest if (name, to) in self.ways), to) if version is None else self.edition(version).name
        if (given, to) not in self.ways:
            raise NoMapping(given, to, self.ways)
        return self.ways[given, to]

    def mappings(self, way: EditionPath, category: str) -> Sequence["mappings.CategoryMapping"]:
        """Return how a category goes a way between editions: not at all, in one mapping, or, if it splits, in several."""
        key = way.version, way.to, category
        if key not in self._mappings:
            from v4schema.conversion import mappings

            self._mappings[key] = [*mappings.mappings_for(way, category, self.read)]
        return self._mappings[key]

    def schema(self, kind: Kind, operation: str = "create") -> Schema:
        """Return the flat schema of a kind of ad: closed, self-contained, and the same object at each call.

        Without a category, or for a category that no document describes, it is what all categories of the edition share.
        """
        key = kind.version, kind.category, operation
        if key not in self._schemas:
            edition = self.edition(kind.version)
            if kind.category is not None and kind.category not in edition.categories:
                raise UnknownName(f"category of {edition.name}", kind.category, edition.categories)
            category = edition.categories[kind.category] if kind.category else None
            leaf = category.schema if category else None
            flattening = Flattening(
                resolve=self.resolved,
                operation=operation,
                partial=self.operation(kind.version, operation).partial,
                lists=self._lists,
                year=time.localtime().tm_year,
                number=category.id if category and leaf else None,
                plausible=partial(self.plausible, kind.category),
            )
            self._schemas[key] = flattening.flatten(leaf or edition.schema)
        return self._schemas[key]

    def resolved(self, reference: str, file: str) -> tuple[Schema, str]:
        """Follow a reference that stands in a file of schemas: return what it means, and the file that this stands in."""
        found, target = self.referred(reference, file)
        return dict(found) if isinstance(found, dict) else {}, target

    def referred(self, reference: str, file: str) -> tuple[object, str]:
        """Return the part of a file that a reference in a file means, whatever it is, and that file."""
        path, _, fragment = reference.partition("#")
        target = posixpath.normpath(posixpath.join(posixpath.dirname(file), path)) if path and path != file else file
        try:
            return pointer.get(self.read(target), pointer.parse(fragment)), target
        except LookupError:
            raise InvalidSchemas(file, f"{reference} leads nowhere") from None

    def plausible(self, category: str | None, quantity_kind: str, which: str, unit: str | None) -> float | None:
        """Return a number of the table of what is plausible, in a unit, or None where it has none for the category."""
        told = self.read("plausibility.json")["measures"].get(quantity_kind)
        if told is None:
            raise InvalidSchemas("plausibility.json", f"there is no measure {quantity_kind!r}")
        found, own = plausibility.row(told, category, which), told.get("unit")
        if found is None or unit in {None, own}:
            return found and found[1]
        for kind in self.units["kinds"].values():
            if {unit, own} <= kind["units"].keys():
                return plausibility.converted(found[1], kind["units"][own]["factor"], kind["units"][unit]["factor"])
        raise InvalidSchemas("plausibility.json", f"{quantity_kind} cannot be converted to {unit}")

    def path(self, name: str) -> str:
        """Return where a file of the folder lies, by its path below ``schemas/``."""
        return self._found(name)[0]

    def text(self, name: str) -> bytes:
        """Return the text of a file, by its path below ``schemas/``."""
        return self._found(name)[1]

    def _found(self, name: str) -> tuple[str, bytes]:
        """Find and read a file of the folder: on disk, or through the loader when the package lies in an archive."""
        why = "no such file"
        for root in self._roots:
            path = os.path.join(root, *name.split("/"))
            try:
                return path, _load(path)
            except OSError as error:
                why = error.strerror or why
        raise InvalidSchemas(os.path.join(self._roots[0], name), why)


@cache
def default() -> Catalogue:
    """Return the catalogue of the schemas that come with the package, or of the folder that ``V4SCHEMA_SCHEMAS`` names."""
    return Catalogue(os.environ.get("V4SCHEMA_SCHEMAS") or None)


def _load(path: str) -> bytes:
    """Read a file from disk, or through the loader of this module when the package lies in a zip archive."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except (FileNotFoundError, NotADirectoryError):
        data: bytes = __loader__.get_data(path)  # type: ignore[name-defined]
        return data
