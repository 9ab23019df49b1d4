"""The OpenAPI description of an edition as one document, with every schema that its source refers to as a component.

The sources (``openapi.json`` in the folder of each edition) extend another file of that name, and refer to the schemas of ads. A
reference with ``x-operation`` beside it means the flat schema for that operation, in a form that other tools understand: with the
rules that refuse an ad, and without those that only warn.
"""

import json
import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain, count
from typing import Any, cast

from v4schema import catalogue as catalogues
from v4schema.catalogue import Catalogue
from v4schema.catalogue.editions import Category, Edition
from v4schema.dialect.fields import Schema, example, is_sendable, recommended, requires, types
from v4schema.dialect.keywords import ASSERTING, KEYWORDS
from v4schema.document import pointer
from v4schema.errors import InvalidSchemas, NoDescription
from v4schema.findings.report import Kind

#: The keyword beside a reference that names an operation; in a document, the operation of a choice.
OPERATION = "x-operation"
_COMPONENTS = "#/components/schemas/"
#: The annotations that are kept; ``deprecated`` is added where a field should not be sent.
_KEPT = (*(name for name, each in KEYWORDS.items() if each.portable and name not in ASSERTING), "deprecated")
#: The keywords that are kept because they can refuse a value.
_REFUSING = frozenset(name for name, each in KEYWORDS.items() if each.portable and name in ASSERTING)
#: The annotations of a field that do not describe the object in it.
_OF_FIELD = ("deprecated",)
#: The keywords that apply only to values of a type, by type.
_BY_TYPE = {
    type_: [name for name, each in KEYWORDS.items() if type_ in each.types and name in ASSERTING]
    for type_ in ("integer", "number", "string", "array", "object")
}


def document(version: str | None = None, *, catalogue: Catalogue | None = None) -> dict[str, Any]:
    """Return the OpenAPI 3.1 description of an edition (by default the catalogue's) as one document; the caller may change it.

    References are local, ``x-documents`` explains the codes in ``x-source``, and no schema has an ``$id``. The body of an
    operation is a choice over categories, each branch a named component. Where an ad must name its category, the choice has a
    discriminator with a complete mapping; otherwise it has a branch for ads that do not name it. The schemas accept exactly the
    ads in which `v4schema.validate` finds no error, with two exceptions: they accept unknown names, and they take the number of a
    category only as text where the edition writes it as text. Raises `v4schema.errors.UnknownName` for an unknown edition, and
    `v4schema.errors.NoDescription` for an edition without a description.

    >>> document("v4")["paths"]["/v4/ad"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    {'$ref': '#/components/schemas/Ad'}
    """
    catalogue = catalogue or catalogues.default()
    edition = catalogue.edition(version)
    if edition.openapi is None:
        raise NoDescription(edition.name, described_editions(catalogue))
    return deepcopy(_Bundle(catalogue=catalogue, edition=edition, file=edition.openapi).document())


def described_editions(catalogue: Catalogue) -> Sequence[str]:
    """Return the editions that have a description, the default one first."""
    names = [edition.name for edition in catalogue.editions.values() if edition.openapi]
    return sorted(names, key=lambda name: name != catalogue.edition().name)


def source(catalogue: Catalogue, file: str) -> dict[str, Any]:
    """Return the source of a description, merged over the parts of other sources that it refers to."""
    layered: dict[str, Any] = _layered(catalogue, catalogue.read(file), file)
    return layered


def _layered(catalogue: Catalogue, node: Any, file: str) -> Any:  # noqa: ANN401  (any part of a source)
    """Return a part of a source, merged over the parts that it refers to."""
    if isinstance(node, list):
        return [_layered(catalogue, each, file) for each in node]
    if not isinstance(node, dict):
        return node
    path, _, _ = str(node.get("$ref", "")).partition("#")
    if posixpath.basename(path) != posixpath.basename(file):
        return {key: _layered(catalogue, value, file) for key, value in node.items()}
    below, origin = catalogue.referred(node["$ref"], file)
    own = {key: value for key, value in node.items() if key != "$ref"}
    return (
        _over(_layered(catalogue, below, origin), _layered(catalogue, own, file)) if own else _layered(catalogue, below, origin)
    )


def _over(below: Any, above: Any) -> Any:  # noqa: ANN401  (any parts of sources)
    """Merge a part of a source over another: objects join; references and other values replace it."""
    if not (isinstance(below, dict) and isinstance(above, dict)) or "$ref" in below or "$ref" in above:
        return above
    return below | {key: _over(below[key], value) if key in below else value for key, value in above.items()}


@dataclass(frozen=True, kw_only=True, eq=False)
class _Bundle:
    """Builds a document; `components` are its schemas so far, by name."""

    catalogue: Catalogue
    edition: Edition
    file: str
    components: dict[str, Schema] = field(default_factory=dict)
    _parts: dict[str, list[str]] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """Return the whole document."""
        source = self._source
        for name, node in source["components"]["schemas"].items():
            if name not in self._choices:
                self.components[name] = self._embedded(node)
        used = {(str(node["$ref"]), node[OPERATION]) for node in _nodes(source) if OPERATION in node}
        order = self.edition.operations  # the names of the first have no suffix
        wanted = [(name, each) for each in order for name in self._choices if (_COMPONENTS + name, each) in used]
        self.components.update({self._called(*each): {} for each in wanted})  # reserves the names
        for each in wanted:
            self.components[self._called(*each)] = self._choice(*each)
        rest = {key: value for key, value in source["components"].items() if key != "schemas"}
        bundled: dict[str, Any] = self._embedded({**source, "components": rest})
        bundled["components"]["schemas"] = dict(sorted(self.components.items()))
        return {**bundled, "x-documents": self.catalogue.documents}

    @cached_property
    def _source(self) -> dict[str, Any]:
        return source(self.catalogue, self.file)

    @cached_property
    def _choices(self) -> Mapping[str, Mapping[str, Any]]:
        """The components of the source that are choices over the categories of the edition."""
        return {name: node for name, node in self._source["components"]["schemas"].items() if "discriminator" in node}

    def _embedded(self, node: Any) -> Any:  # noqa: ANN401  (any part of the source)
        """Return a part of the source with references into the document only."""
        if isinstance(node, list):
            return [self._embedded(each) for each in node]
        if not isinstance(node, dict):
            return node
        kept = {key: self._embedded(value) for key, value in node.items() if key not in {"$ref", OPERATION}}
        if "$ref" in node:
            kept |= self._referred(str(node["$ref"]), node.get(OPERATION))
        return kept

    def _referred(self, reference: str, operation: str | None) -> Schema:
        """Return what a reference of the source refers to: a component, or a part of a schema, for an operation."""
        if operation is None and reference.startswith("#/"):
            return {"$ref": reference}
        if operation is None or operation not in self.edition.operations:
            raise InvalidSchemas(
                self.file, f"{reference} is used for {operation}, which is not an operation of {self.edition.name}"
            )
        name = reference.removeprefix(_COMPONENTS)
        if name in self._choices:
            return {"$ref": _COMPONENTS + self._called(name, operation)}
        file, _, fragment = reference.partition("#")
        if file != self.edition.schema.rpartition("/")[2]:
            raise InvalidSchemas(self.file, f"{reference} is not part of the common schema")
        flat = self.catalogue.schema(Kind(version=self.edition.name), operation)
        if not pointer.exists(flat, pointer.parse(fragment)):
            raise InvalidSchemas(self.file, f"{reference} refers to nothing")
        return self._plain(cast("Schema", pointer.get(flat, pointer.parse(fragment))), operation)

    def _choice(self, name: str, operation: str) -> Schema:
        """Return the choice over categories for an operation."""
        branches = [self._branch(category, operation) for category in self.edition.categories.values()]
        choice = {**self._choices[name], OPERATION: operation}
        discriminator = choice.pop("discriminator")
        shared = self.catalogue.schema(Kind(version=self.edition.name), operation)
        if requires(shared, self.catalogue.category_at[0]):
            numbers = (str(category.id) for category in self.edition.categories.values())
            choice["oneOf"] = [{"$ref": branch} for branch in branches]
            choice["discriminator"] = {**discriminator, "mapping": dict(zip(numbers, branches, strict=True))}
        else:
            choice["anyOf"] = [{"$ref": branch} for branch in (*branches, self._shared(operation))]
        return choice

    def _branch(self, category: Category, operation: str) -> str:
        """Make the component of a category for an operation; an ad of it must name the category."""
        name = self.catalogue.category_at[0]
        flat = self.catalogue.schema(Kind(version=self.edition.name, category=category.slug), operation)
        whole = self._plain(flat, operation)
        slug = category.slug if category.schema else self._stem
        if category.schema is not None and (ad := example(flat)) is not None:
            whole["examples"] = [ad]
        whole["properties"][name] = self._number(category)
        whole["required"] = list(dict.fromkeys([*whole.get("required", ()), name]))
        return self._put(_pascal(category.slug), self._parted(whole, slug, operation), operation, whole=True)

    def _number(self, category: Category) -> Schema:
        """Return the schema that distinguishes a category: its number as the edition writes it, never null."""
        kind = Kind(version=self.edition.name, category=category.slug)
        flat = self.catalogue.schema(kind, next(iter(self.edition.operations)))["properties"][self.catalogue.category_at[0]]
        numbers = flat.get("enum", [category.id, str(category.id)])
        written = recommended(flat, numbers) or numbers
        annotations = {key: flat[key] for key in _KEPT if key in flat}
        if isinstance(written[0], str):
            return {**annotations, "type": "string", "enum": written}
        # The mapping of a discriminator uses text, and some tools then expect text in the ad.
        return {**annotations, "type": ["integer", "string"], "enum": [*written, str(category.id)]}

    def _shared(self, operation: str) -> str:
        """Make the component of ads that do not name their category."""
        name = self.catalogue.category_at[0]
        whole = self._plain(self.catalogue.schema(Kind(version=self.edition.name), operation), operation)
        whole["properties"][name] = {
            "description": "An ad with this field belongs to one of the other branches.",
            "x-source": whole["properties"][name]["x-source"],
            "not": {},
        }
        return self._put(_pascal(self._stem), self._parted(whole, self._stem, operation), operation, whole=True)

    @property
    def _stem(self) -> str:
        """The name of the file of the common schema, without its suffix."""
        return self.edition.schema.rpartition("/")[2].partition(".")[0]

    @property
    def _own(self) -> Iterable[str]:
        """The names of the components of the source."""
        return [*self._source["components"]["schemas"]]

    def _parted(self, schema: Schema, slug: str, operation: str, name: str = "") -> Schema:
        """Return a schema whose inner objects are components."""
        parted = dict(schema)
        if "properties" in schema:
            below = schema["properties"].items()
            parted["properties"] = {inner: self._parted(node, slug, operation, inner) for inner, node in below}
        if "items" in schema:
            parted["items"] = self._parted(schema["items"], slug, operation, name)
        if "anyOf" in schema:
            parted["anyOf"] = [self._parted(branch, slug, operation, name) for branch in schema["anyOf"]]
        if not name or "properties" not in schema:
            return parted
        of_field = {key: parted.pop(key) for key in _OF_FIELD if key in parted}
        called = _pascal(name) if self._is_common(name) else _pascal(slug) + _pascal(name)
        return {"$ref": self._part(called, parted, operation), **of_field}

    def _part(self, name: str, component: Schema, operation: str) -> str:
        """Return the reference to the component for a part of ads; it is made unless an equal one exists."""
        forms = self._parts.setdefault(name, [])
        same = [known for known in (*self._own, *forms) if self.components.get(known) == component]
        if same:
            return _COMPONENTS + same[0]
        reference = self._put(name, component, operation)
        forms.append(reference.removeprefix(_COMPONENTS))
        return reference

    def _put(self, name: str, component: Schema, operation: str, *, whole: bool = False) -> str:
        """Store a component under the simplest free name, and return the reference to it.

        The name of a `whole` ad includes the operation; that of a part does only where its forms differ, and is never the name
        of a category.
        """
        called = self._called(name, operation)
        names = chain([called] if whole else [name, called], (f"{called}{number}" for number in count(2)))
        reserved = () if whole else self._category_names
        free = next(each for each in names if each not in self.components and each not in reserved)
        self.components[free] = component
        return _COMPONENTS + free

    @cached_property
    def _category_names(self) -> frozenset[str]:
        """The names of the components of categories."""
        return frozenset(map(_pascal, self.edition.categories))

    def _called(self, name: str, operation: str) -> str:
        """Return the name of a component for an operation; for the first operation it has no suffix."""
        return name if operation == next(iter(self.edition.operations)) else name + _pascal(operation)

    def _is_common(self, name: str) -> bool:
        """Return whether all categories have the same object under a name, in each operation."""
        forms = self._forms.get(name, ())
        return len(forms) == len({operation for operation, _ in forms})

    @cached_property
    def _forms(self) -> Mapping[str, set[tuple[str, str]]]:
        """The forms of the objects of all categories, by name, each with its operation."""
        forms: dict[str, set[tuple[str, str]]] = {}
        for operation in self.edition.operations:
            for slug in self.edition.categories:
                schema = self._plain(self.catalogue.schema(Kind(version=self.edition.name, category=slug), operation), operation)
                for name, node in _objects(schema):
                    form = json.dumps({key: value for key, value in node.items() if key not in _OF_FIELD})
                    forms.setdefault(name, set()).add((operation, form))
        return forms

    def _plain(self, flat: Schema, operation: str) -> Schema:
        return portable(flat, is_response=self.edition.operations[operation].is_response)


def portable(flat: Schema, *, is_response: bool = False) -> Schema:
    """Return a flat schema as other tools understand it: the rules that refuse an ad, and of our annotations only the sources.

    Rules that only warn are left out, undescribed names are allowed, and a field that should not be sent is deprecated. In a
    response of the API, every field may be null.
    """

    def inner(below: Schema) -> Schema:
        found = portable(below, is_response=is_response)
        return _nullable(found) if is_response else found

    annotations = {key: flat[key] for key in _KEPT if key in flat}
    if any(rule.get("not") == {} and "x-level" not in rule for rule in flat.get("allOf", ())):
        return {**annotations, "not": {}}
    node = annotations | {key: value for key, value in flat.items() if key in _REFUSING}
    if not is_sendable(flat):
        node["deprecated"] = True
    if "properties" in flat:
        fields = {name: inner(below) for name, below in flat["properties"].items()}
        node["properties"] = {name: below for name, below in fields.items() if not _is_unneeded(below)}
    if "items" in flat:
        node["items"] = inner(flat["items"])
    for rule in flat.get("allOf", ()):
        if "x-level" not in rule:
            _add_rule(node, {key: value for key, value in rule.items() if key in _REFUSING or key == "x-source"})
    return _split_types(node)


def _add_rule(node: Schema, rule: Schema) -> None:
    """Add a rule to the assertions of a field, or to its ``allOf`` where it uses a keyword of the field again."""
    if rule.keys() <= {"required", "x-source"}:
        node["required"] = list(dict.fromkeys([*node.get("required", ()), *rule["required"]]))
    elif any(key in node for key in rule if key != "x-source"):
        node["allOf"] = [*node.get("allOf", ()), rule]
    else:
        node.update({key: value for key, value in rule.items() if key != "x-source"})
    node["x-source"] = list(dict.fromkeys([*node.get("x-source", ()), *rule.get("x-source", ())]))


def _split_types(node: Schema) -> Schema:
    """Return a schema of several types as a choice over them, each with its own keywords, as code generators expect."""
    first, *others = several = types(node)
    if not {*others} - {first, "null"} or first == "null" or "anyOf" in node:
        return node
    typed = {keyword for keywords in _BY_TYPE.values() for keyword in keywords}
    choice: Schema = {key: value for key, value in node.items() if key != "type" and key not in typed}
    kept = {name: {keyword: node[keyword] for keyword in _BY_TYPE.get(name, ()) if keyword in node} for name in several}
    choice["anyOf"] = [{"type": name, **asserted} for name, asserted in kept.items()]
    return choice


def _nullable(node: Schema) -> Schema:
    """Return a schema that allows null as well."""
    found = dict(node)
    if "allOf" in node:
        found["allOf"] = [_nullable(rule) for rule in node["allOf"]]
    branches = node.get("anyOf", [])
    if branches and all("type" in branch for branch in branches) and {"type": "null"} not in branches:
        found["anyOf"] = [*branches, {"type": "null"}]
    if "type" in node:
        found["type"] = list(dict.fromkeys([*([node["type"]] if isinstance(node["type"], str) else node["type"]), "null"]))
    if "enum" in node:
        found["enum"] = [*node["enum"], None]
    return found


def _is_unneeded(node: Schema) -> bool:
    """Return whether a field is only warned about, so that nothing about it has to be described."""
    return "deprecated" in node and _REFUSING.isdisjoint(node) and "allOf" not in node and not any(map(_asserts, _inner(node)))


def _asserts(node: Schema) -> bool:
    return not _REFUSING.isdisjoint(node) or "allOf" in node or any(map(_asserts, _inner(node)))


def _inner(node: Schema) -> list[Schema]:
    return [*node.get("properties", {}).values(), *([node["items"]] if "items" in node else [])]


def _objects(node: Schema, name: str = "") -> Iterator[tuple[str, Schema]]:
    """Yield the objects within a schema, each with the name of its field."""
    if name and "properties" in node:
        yield name, node
    for inner, below in node.get("properties", {}).items():
        yield from _objects(below, inner)
    if "items" in node:
        yield from _objects(node["items"], name)
    for branch in node.get("anyOf", ()):
        yield from _objects(branch, name)


def _nodes(node: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401  (any part of a source)
    """Yield every object of a source."""
    if isinstance(node, dict):
        yield node
    for below in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _nodes(below)


def _pascal(name: str) -> str:
    """Write a name as code generators write the names of classes.

    >>> _pascal("motor-boat"), _pascal("category_fields")
    ('MotorBoat', 'CategoryFields')
    """
    return "".join(word[:1].upper() + word[1:] for word in re.split("[^0-9A-Za-z]+", name))
