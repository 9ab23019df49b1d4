"""The catalogue of editions, categories, schemas, units, words and finding codes. Only this package reads ``schemas/``.

It may import `dialect` and packages below it.
"""

import json
import os
import posixpath
import re
import time
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import cache, cached_property, lru_cache, partial
from typing import TYPE_CHECKING, Any

from v4schema import spelling
from v4schema.catalogue import plausibility, vocabulary
from v4schema.catalogue.editions import Edition, EditionPath, Operation, edition_from_data
from v4schema.dialect.fields import Schema, is_sendable, walk
from v4schema.dialect.flatten import Flattening
from v4schema.document import pointer
from v4schema.errors import InvalidSchemas, NoMapping, UnknownName
from v4schema.findings.report import Kind

if TYPE_CHECKING:
    from v4schema.catalogue.quantities import QuantityKind

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


class Catalogue:
    """The editions, categories, units, words and finding codes in a folder of schemas.

    `root` is that folder, by default the one that comes with the package. `lists` are the caller's own lists of allowed values,
    such as ``{"brands": ["volvo", "yamaha"]}``; they apply to the fields whose schema names a list by ``x-list``. Methods raise
    `v4schema.errors.InvalidSchemas` if a file that they need is missing or is not JSON, and `v4schema.errors.UnknownName` for a
    name that does not exist.
    """

    def __init__(self, root: str | os.PathLike[str] | None = None, *, lists: Mapping[str, Sequence[str]] | None = None) -> None:
        self._root = os.fspath(root) if root else None
        self._roots = (
            [self._root]
            if self._root
            else [os.path.join(_PACKAGE, "schemas"), os.path.join(os.path.dirname(_PACKAGE), "schemas")]
        )
        self._lists = dict(lists or {})
        self._files: dict[str, Any] = {}
        self._schemas: dict[tuple[str, str | None, str], Schema] = {}
        for name in self._lists:
            if name not in self.list_names:
                raise UnknownName("list", name, self.list_names)

    def __reduce__(self) -> tuple[Callable[..., "Catalogue"], tuple[object, ...]]:
        """Pickle the folder and the lists: another process reads the schemas itself, once."""
        return catalogue_of, (self._root, tuple((name, tuple(values)) for name, values in self._lists.items()))

    def read(self, name: str) -> Any:  # noqa: ANN401  (parsed JSON of any shape)
        """Return the parsed content of a file, by its path below ``schemas/``."""
        if name not in self._files:
            if name.startswith("../"):
                raise InvalidSchemas(name, "the file is outside the folder")
            try:
                self._files[name] = json.loads(self.text(name))
            except ValueError as error:
                raise InvalidSchemas(name, str(error)) from None
        return self._files[name]

    @property
    def files(self) -> Sequence[str]:
        """The paths, below ``schemas/``, of the files that have been read so far."""
        return tuple(self._files)

    @cached_property
    def editions(self) -> Mapping[str, Edition]:
        """The editions by name, oldest first."""
        editions = self.read("catalogue.json")["editions"]
        words = self.read("words.json")["values"].get("category", {})
        return {data["name"]: edition_from_data(data, words) for data in editions}

    @cached_property
    def finding_codes(self) -> Mapping[str, Mapping[str, Any]]:
        """The finding codes, each with its level, messages, hints and explanation."""
        codes: Mapping[str, Mapping[str, Any]] = self.read("findings.json")["findings"]
        return codes

    @cached_property
    def words(self) -> vocabulary.WordTables:
        """The words that people write for values, by the name of the table."""
        return vocabulary.word_tables(self.read("words.json")["values"], self.editions.values())

    @cached_property
    def translations(self) -> Mapping[str, Sequence[Any]]:
        """The words that people write for values and units, each with the values and units of the API that it may mean."""
        return vocabulary.translations(self.words, self.units)

    @cached_property
    def names(self) -> Mapping[str, vocabulary.WrongName]:
        """The known wrong names of fields, without case and word breaks, each with the field that it means."""
        return vocabulary.wrong_names(self.read("words.json")["names"])

    @cached_property
    def top_names(self) -> AbstractSet[str]:
        """The fields that an ad of any edition may have at its top, without case and word breaks."""
        schemas = [self.schema(Kind(version=name)) for name in self.editions]
        named = [(name, node) for schema in schemas for name, node in schema["properties"].items()]
        return frozenset(spelling.name_key(name) for name, node in named if is_sendable(node))

    @cached_property
    def documents(self) -> Mapping[str, Mapping[str, str]]:
        """The documents that rules rest on, by code, such as ``S``."""
        documents: Mapping[str, Mapping[str, str]] = self.read("catalogue.json")["documents"]
        return documents

    @cached_property
    def list_names(self) -> Sequence[str]:
        """The names of the lists of allowed values that a caller can give, over all editions."""
        kinds = [Kind(version=edition.name, category=slug) for edition in self.editions.values() for slug in edition.categories]
        return sorted({node["x-list"] for kind in kinds for _, node in walk(self.schema(kind)) if "x-list" in node})

    @cached_property
    def category_at(self) -> tuple[str, ...]:
        """The place in an ad of the field that names its category."""
        return pointer.parse(self.read("catalogue.json")["fields"]["category"])

    @cached_property
    def identity_at(self) -> tuple[str, ...]:
        """The place in an ad of the field that identifies it among the dealer's ads."""
        return pointer.parse(self.read("catalogue.json")["fields"]["identity"])

    @cached_property
    def category_fields_at(self) -> tuple[str, ...]:
        """The place in an ad of the object with the fields of its category."""
        return pointer.parse(self.read("catalogue.json")["fields"]["own"])

    @cached_property
    def labels_at(self) -> Sequence[tuple[str, ...]]:
        """The places in an ad of the texts by which a person recognises it, the best first."""
        return [pointer.parse(place) for place in self.read("catalogue.json")["fields"]["label"]]

    @cached_property
    def masked_in_labels(self) -> re.Pattern[str]:
        """A pattern of what is left out of such a text, because it may identify a person."""
        return re.compile(self.read("catalogue.json")["fields"]["masked_in_labels"])

    @cached_property
    def units(self) -> Mapping[str, Any]:
        """The content of ``units.json``: kinds of quantities and their units."""
        units: Mapping[str, Any] = self.read("units.json")
        return units

    @cached_property
    def unit_settings(self) -> Mapping[str, Sequence[str]]:
        """The settings for quantities, each with its choices: the unit of bare numbers, and the unit to write.

        >>> default().unit_settings["mileage"]
        ('km', 'mil', 'given')
        """
        kinds = self.units["kinds"]
        bare = {f"{kind}_unit": tuple(data["units"]) for kind, data in kinds.items()}
        return bare | {kind: (*data["units"], self.units["given"]) for kind, data in kinds.items() if "wanted" in data}

    @cached_property
    def one_time_settings(self) -> Sequence[str]:
        """The settings that must be applied only once, because they convert bare amounts to bare amounts."""
        return [f"{kind}_unit" for kind, data in self.units["kinds"].items() if data.get("bare")]

    @cached_property
    def quantity_kinds(self) -> Mapping[str, "QuantityKind"]:
        """The kinds of quantities by name, with their units."""
        from v4schema.catalogue import quantities

        return quantities.quantity_kinds(self.units)

    def quantity_kind(self, unit: str) -> "QuantityKind":
        """Return the kind of quantity that a unit belongs to. Raises `v4schema.errors.UnknownName` for an unknown unit."""
        for kind in self.quantity_kinds.values():
            if unit in kind.units:
                return kind
        raise UnknownName("unit", unit, (unit for kind in self.quantity_kinds.values() for unit in kind.units))

    def configured_quantity_kinds(self, settings: Mapping[str, str]) -> Mapping[str, "QuantityKind"]:
        """Return the kinds of quantities with the caller's `settings`, which have the names of `unit_settings`.

        Raises `v4schema.errors.UnknownName` for a setting or a unit that does not exist.
        """
        from v4schema.catalogue import quantities

        for setting in settings:
            if setting not in self.unit_settings:
                raise UnknownName("setting", setting, self.unit_settings)
        return quantities.configured(self.quantity_kinds, self.units, self.unit_settings, settings)

    def edition(self, name: str | None = None) -> Edition:
        """Return an edition by name, by default the one that ``catalogue.json`` makes the default."""
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
        """Return the kind of ad that the caller names. Raises `v4schema.errors.UnknownName` if the catalogue has no such kind."""
        edition = self.edition(version)
        found = edition.category(category)
        if found is None:
            raise UnknownName(f"category of {edition.name}", category, edition.categories)
        return Kind(version=edition.name, category=found.slug)

    @cached_property
    def edition_paths(self) -> Mapping[tuple[str, str], EditionPath]:
        """The paths between editions, by the names of both: those in ``catalogue.json``, and each one reversed."""
        written = [EditionPath.from_data(data) for data in self.read("catalogue.json")["mappings"]]
        return {(path.version, path.to): path for path in [*(path.reversed for path in written), *written]}

    def edition_path(self, to: str, version: str | None = None) -> EditionPath:
        """Return the path to an edition from another, by default from the nearest older one, or else the nearest newer one.

        Raises `v4schema.errors.UnknownName` for an unknown edition, and `v4schema.errors.NoMapping` where no mapping exists.
        """
        names = [*self.editions]
        target = names.index(self.edition(to).name)
        nearest = sorted(names, key=lambda name: (names.index(name) > target, abs(names.index(name) - target)))
        default = next((name for name in nearest if (name, to) in self.edition_paths), to)
        given = default if version is None else self.edition(version).name
        if (given, to) not in self.edition_paths:
            raise NoMapping(given, to, self.edition_paths)
        return self.edition_paths[given, to]

    def schema(self, kind: Kind, operation: str = "create") -> Schema:
        """Return the flat schema of a kind of ad: closed, self-contained, and the same object at each call.

        Without a category, or for a category that no document describes, it is the schema of the common fields of the edition.
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
        """Resolve a reference in a file of schemas: return the schema that it refers to, and the file of that schema."""
        found, target = self.referred(reference, file)
        return dict(found) if isinstance(found, dict) else {}, target

    def referred(self, reference: str, file: str) -> tuple[object, str]:
        """Return the part of a file that a reference refers to, whatever it is, and that file."""
        path, _, fragment = reference.partition("#")
        target = posixpath.normpath(posixpath.join(posixpath.dirname(file), path)) if path and path != file else file
        try:
            return pointer.get(self.read(target), pointer.parse(fragment)), target
        except LookupError:
            raise InvalidSchemas(file, f"{reference} refers to nothing") from None

    def plausible(self, category: str | None, measure: str, which: str, unit: str | None) -> float | None:
        """Return a plausible number of a measure in a unit, or None where the category has none.

        `which` is ``lowest``, ``typical`` or ``highest``. Raises `v4schema.errors.InvalidSchemas` for an unknown measure or unit.
        """
        data = self.read("plausibility.json")["measures"].get(measure)
        if data is None:
            raise InvalidSchemas("plausibility.json", f"there is no measure {measure!r}")
        found, own = plausibility.find(data, category, which), data.get("unit")
        if found is None or unit in {None, own}:
            return found and found[1]
        for kind in self.units["kinds"].values():
            if {unit, own} <= kind["units"].keys():
                return plausibility.convert(found[1], kind["units"][own]["factor"], kind["units"][unit]["factor"])
        raise InvalidSchemas("plausibility.json", f"{measure} cannot be converted to {unit}")

    def path(self, name: str) -> str:
        """Return the path of a file of the folder, by its path below ``schemas/``."""
        return self._found(name)[0]

    def text(self, name: str) -> bytes:
        """Return the text of a file, by its path below ``schemas/``."""
        return self._found(name)[1]

    def _found(self, name: str) -> tuple[str, bytes]:
        """Find and read a file of the folder: on disk, or through the loader when the package is in an archive."""
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
    """Return the catalogue of the folder that ``V4SCHEMA_SCHEMAS`` names, or else of the schemas that come with the package."""
    return catalogue_of(os.environ.get("V4SCHEMA_SCHEMAS") or None, ())


@lru_cache(maxsize=16)
def catalogue_of(root: str | None, lists: tuple[tuple[str, tuple[str, ...]], ...]) -> Catalogue:
    """Return the catalogue of a folder and of lists of allowed values; the same one at each call."""
    return Catalogue(root, lists=dict(lists))


def _load(path: str) -> bytes:
    """Read a file from disk, or through the loader of this module if the package is in a zip archive."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except (FileNotFoundError, NotADirectoryError):
        data: bytes = __loader__.get_data(path)  # type: ignore[name-defined]
        return data
