"""An edition's OpenAPI description as one document: what its source refers to stands in it, as components.

The sources (``openapi.json`` in the folder of each edition) are laid over what they refer to in another file of that name, and
refer to the schemas of ads. Where ``x-operation`` stands beside such a reference, its form for that operation is meant: closed
schemas flattened, then written as others read them, with what refuses an ad and without what only warns of it.
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
from v4schema.document import pointer
from v4schema.errors import InvalidSchemas, NoDescription
from v4schema.findings.report import Kind

#: What stands beside a reference and says for which operation it is meant; in a document, the choice made for one.
OPERATION = "x-operation"
_COMPONENTS = "#/components/schemas/"
#: What tells of a field and asserts nothing, as far as others need it.
_TOLD = ("description", "x-source", "deprecated")
#: What tells of a field and not of the object that stands there.
_BESIDE = ("deprecated",)
#: What is asserted of values of a type, and of no others.
_NUMBERS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
_ASSERTING = {
    "integer": _NUMBERS,
    "number": _NUMBERS,
    "string": ("minLength", "maxLength", "pattern"),
    "array": ("items", "minItems", "maxItems", "uniqueItems"),
    "object": ("properties", "required"),
}
_INNER = ("properties", "items", "allOf")


def document(version: str | None = None, *, catalogue: Catalogue | None = None) -> dict[str, Any]:
    """Return the OpenAPI 3.1 description of an edition (by default the catalogue's) as one document; the caller may change it.

    References are local, ``x-documents`` tells what the codes in ``x-source`` mean, and no schema has an ``$id``. The body of an
    operation is a choice over categories, each branch one named component; where an ad has to name its category, with a
    discriminator whose mapping is complete, and otherwise with a branch for ads that do not. The schemas take just those ads in
    which `v4schema.validate` finds no error, save that they let every name pass that they do not know, and take the number of a
    category as text alone where its edition writes it so. Raises `v4schema.errors.UnknownName` for an edition that there is not,
    `v4schema.errors.NoDescription` for one that has no description.

    >>> document("v4")["paths"]["/v4/ad"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    {'$ref': '#/components/schemas/Ad'}
    """
    held = catalogue or catalogues.default()
    edition = held.edition(version)
    if edition.openapi is None:
        raise NoDescription(edition.name, described_editions(held))
    return deepcopy(_Bundle(catalogue=held, edition=edition, file=edition.openapi).document())


def described_editions(catalogue: Catalogue) -> Sequence[str]:
    """Return the editions that have a description, the default one first."""
    names = [edition.name for edition in catalogue.editions.values() if edition.openapi]
    return sorted(names, key=lambda name: name != catalogue.edition().name)


def source(catalogue: Catalogue, file: str) -> dict[str, Any]:
    """Return the source of a description with the layers below it: what it says itself, over what it refers to in another."""
    layered: dict[str, Any] = _layered(catalogue, catalogue.read(file), file)
    return layered


def _layered(catalogue: Catalogue, node: Any, file: str) -> Any:  # noqa: ANN401  (any part of a source)
    """Return a part of a source with the layers below it."""
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
    """Lay a part of a source over another: objects join, but references, and whatever else there is, take its place."""
    if not (isinstance(below, dict) and isinstance(above, dict)) or "$ref" in below or "$ref" in above:
        return above
    return below | {key: _over(below[key], value) if key in below else value for key, value in above.items()}


@dataclass(frozen=True, kw_only=True, eq=False)
class _Bundle:
    """A document in the making; `components` are its schemas by name, as far as they are made."""

    catalogue: Catalogue
    edition: Edition
    file: str
    components: dict[str, Schema] = field(default_factory=dict)
    _parts: dict[str, list[str]] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """Return the whole document."""
        told = self._source
        for name, node in told["components"]["schemas"].items():
            if name not in self._choices:
                self.components[name] = self._embedded(node)
        asked = {(str(node["$ref"]), node[OPERATION]) for node in _nodes(told) if OPERATION in node}
        order = self.edition.operations  # the first has the plainest names
        wanted = [(name, each) for each in order for name in self._choices if (_COMPONENTS + name, each) in asked]
        self.components.update({self._called(*each): {} for each in wanted})  # so that no other has such a name
        for each in wanted:
            self.components[self._called(*each)] = self._choice(*each)
        rest = {key: value for key, value in told["components"].items() if key != "schemas"}
        bundled: dict[str, Any] = self._embedded({**told, "components": rest})
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
        """Return a part of the source with references that lead nowhere but into the document."""
        if isinstance(node, list):
            return [self._embedded(each) for each in node]
        if not isinstance(node, dict):
            return node
        kept = {key: self._embedded(value) for key, value in node.items() if key not in {"$ref", OPERATION}}
        if "$ref" in node:
            kept |= self._meant(str(node["$ref"]), node.get(OPERATION))
        return kept

    def _meant(self, reference: str, operation: str | None) -> Schema:
        """Return what a reference of the source means: a component, or a part of a schema, in its form for an operation."""
        if operation is None and reference.startswith("#/"):
            return {"$ref": reference}
        if operation is None or operation not in self.edition.operations:
            raise InvalidSchemas(
                self.file, f"{reference} is wanted for {operation}, which is no operation of {self.edition.name}"
            )
        name = reference.removeprefix(_COMPONENTS)
        if name in self._choices:
            return {"$ref": _COMPONENTS + self._called(name, operation)}
        file, _, fragment = reference.partition("#")
        if file != self.edition.schema.rpartition("/")[2]:
            raise InvalidSchemas(self.file, f"{reference} is no part of what all categories share")
        flat = self.catalogue.schema(Kind(version=self.edition.name), operation)
        if not pointer.exists(flat, pointer.parse(fragment)):
            raise InvalidSchemas(self.file, f"{reference} leads nowhere")
        return self._plain(cast("Schema", pointer.get(flat, pointer.parse(fragment))), operation)

    def _choice(self, name: str, operation: str) -> Schema:
        """Return the choice over categories for an operation."""
        branches = [self._branch(category, operation) for category in self.edition.categories.values()]
        choice = {**self._choices[name], OPERATION: operation}
        told = choice.pop("discriminator")
        shared = self.catalogue.schema(Kind(version=self.edition.name), operation)
        if requires(shared, self.catalogue.category_at[0]):
            numbers = (str(category.id) for category in self.edition.categories.values())
            choice["oneOf"] = [{"$ref": branch} for branch in branches]
            choice["discriminator"] = {**told, "mapping": dict(zip(numbers, branches, strict=True))}
        else:
            choice["anyOf"] = [{"$ref": branch} for branch in (*branches, self._shared(operation))]
        return choice

    def _branch(self, category: Category, operation: str) -> str:
        """Make the component of a category for an operation; it has to name the category."""
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
        """Return what tells the branch of a category from others: its number as the edition writes it, and never null."""
        kind = Kind(version=self.edition.name, category=category.slug)
        flat = self.catalogue.schema(kind, next(iter(self.edition.operations)))["properties"][self.catalogue.category_at[0]]
        numbers = flat.get("enum", [category.id, str(category.id)])
        written = recommended(flat, numbers) or numbers
        told = {key: flat[key] for key in _TOLD if key in flat}
        if isinstance(written[0], str):
            return {**told, "type": "string", "enum": written}
        # A discriminator's mapping is by text, and there are readers who take it at its word.
        return {**told, "type": ["integer", "string"], "enum": [*written, str(category.id)]}

    def _shared(self, operation: str) -> str:
        """Make the component of ads that do not name their category."""
        name = self.catalogue.category_at[0]
        whole = self._plain(self.catalogue.schema(Kind(version=self.edition.name), operation), operation)
        told = whole["properties"][name]
        whole["properties"][name] = {
            "description": "With it, an ad is one of the others.",
            "x-source": told["x-source"],
            "not": {},
        }
        return self._put(_pascal(self._stem), self._parted(whole, self._stem, operation), operation, whole=True)

    @property
    def _stem(self) -> str:
        """What the file is called that all categories share."""
        return self.edition.schema.rpartition("/")[2].partition(".")[0]

    @property
    def _own(self) -> Iterable[str]:
        """The names of the components of the source."""
        return [*self._source["components"]["schemas"]]

    def _parted(self, portable: Schema, slug: str, operation: str, name: str = "") -> Schema:
        """Return a schema with the objects in it made components of their own."""
        parted = dict(portable)
        if "properties" in portable:
            below = portable["properties"].items()
            parted["properties"] = {inner: self._parted(node, slug, operation, inner) for inner, node in below}
        if "items" in portable:
            parted["items"] = self._parted(portable["items"], slug, operation, name)
        if "anyOf" in portable:
            parted["anyOf"] = [self._parted(branch, slug, operation, name) for branch in portable["anyOf"]]
        if not name or "properties" not in portable:
            return parted
        beside = {key: parted.pop(key) for key in _BESIDE if key in parted}
        called = _pascal(name) if self._agreed(name) else _pascal(slug) + _pascal(name)
        return {"$ref": self._part(called, parted, operation), **beside}

    def _part(self, name: str, component: Schema, operation: str) -> str:
        """Make a part of ads a component, unless it is one, and return the reference to it."""
        forms = self._parts.setdefault(name, [])
        same = [known for known in (*self._own, *forms) if self.components.get(known) == component]
        if same:
            return _COMPONENTS + same[0]
        reference = self._put(name, component, operation)
        forms.append(reference.removeprefix(_COMPONENTS))
        return reference

    def _put(self, name: str, component: Schema, operation: str, *, whole: bool = False) -> str:
        """Keep a component under the plainest name that is free, and return the reference to it.

        A `whole` ad has the operation in its name, a part of one only where others have another form.
        """
        called = self._called(name, operation)
        names = chain([called] if whole else [name, called], (f"{called}{number}" for number in count(2)))
        free = next(each for each in names if each not in self.components)
        self.components[free] = component
        return _COMPONENTS + free

    def _called(self, name: str, operation: str) -> str:
        """Return the name of a component in its form for an operation; that for the first of them needs no telling."""
        return name if operation == next(iter(self.edition.operations)) else name + _pascal(operation)

    def _agreed(self, name: str) -> bool:
        """Tell whether all categories have the same object under a name, in each operation."""
        forms = self._forms.get(name, ())
        return len(forms) == len({operation for operation, _ in forms})

    @cached_property
    def _forms(self) -> Mapping[str, set[tuple[str, str]]]:
        """The objects of all categories by their names: each form that one has, with the operation."""
        forms: dict[str, set[tuple[str, str]]] = {}
        for operation in self.edition.operations:
            for slug in self.edition.categories:
                portable = self._plain(
                    self.catalogue.schema(Kind(version=self.edition.name, category=slug), operation), operation
                )
                for name, node in _objects(portable):
                    told = json.dumps({key: value for key, value in node.items() if key not in _BESIDE})
                    forms.setdefault(name, set()).add((operation, told))
        return forms

    def _plain(self, flat: Schema, operation: str) -> Schema:
        return portable(flat, answer=self.edition.operations[operation].answer)


def portable(flat: Schema, *, answer: bool = False) -> Schema:
    """Return a flat schema as others read it: what refuses an ad, in the plainest form, and no annotation of ours but sources.

    What only warns is left out, names that are not described are let pass, and what may be sent but is warned of is
    deprecated. In an `answer` of the API every field may be null.
    """

    def within(below: Schema) -> Schema:
        found = portable(below, answer=answer)
        return _nullable(found) if answer else found

    told = {key: flat[key] for key in _TOLD if key in flat}
    if any(rule.get("not") == {} and "x-level" not in rule for rule in flat.get("allOf", ())):
        return {**told, "not": {}}
    node = told | {key: value for key, value in flat.items() if _refuses(key)}
    if not is_sendable(flat):
        node["deprecated"] = True
    if "properties" in flat:
        fields = {name: within(below) for name, below in flat["properties"].items()}
        node["properties"] = {name: below for name, below in fields.items() if not _idle(below)}
    if "items" in flat:
        node["items"] = within(flat["items"])
    for rule in flat.get("allOf", ()):
        if "x-level" not in rule:
            _lay(node, {key: value for key, value in rule.items() if _refuses(key) or key == "x-source"})
    return _apart(node)


def _lay(node: Schema, rule: Schema) -> None:
    """Make a rule part of a field's own assertions, or, where they say something else by the same keyword, of its ``allOf``."""
    if rule.keys() <= {"required", "x-source"}:
        node["required"] = list(dict.fromkeys([*node.get("required", ()), *rule["required"]]))
    elif any(key in node for key in rule if key != "x-source"):
        node["allOf"] = [*node.get("allOf", ()), rule]
    else:
        node.update({key: value for key, value in rule.items() if key != "x-source"})
    node["x-source"] = list(dict.fromkeys([*node.get("x-source", ()), *rule.get("x-source", ())]))


def _apart(node: Schema) -> Schema:
    """Return what may be of several types as a choice over them, each with what is asserted of it: generators want that."""
    first, *others = several = types(node)
    if not {*others} - {first, "null"} or first == "null" or "anyOf" in node:
        return node
    owned = {keyword for keywords in _ASSERTING.values() for keyword in keywords}
    choice: Schema = {key: value for key, value in node.items() if key != "type" and key not in owned}
    kept = {name: {keyword: node[keyword] for keyword in _ASSERTING.get(name, ()) if keyword in node} for name in several}
    choice["anyOf"] = [{"type": name, **asserted} for name, asserted in kept.items()]
    return choice


def _nullable(node: Schema) -> Schema:
    """Let a field be null as well."""
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


def _refuses(keyword: str) -> bool:
    """Tell whether a keyword of a flat schema can refuse a value by itself."""
    return not keyword.startswith("x-") and keyword not in {*_TOLD, *_INNER, "title", "additionalProperties", "examples"}


def _idle(node: Schema) -> bool:
    """Tell whether a field is only warned of, so that nothing of it is worth telling."""
    below = [*node.get("properties", {}).values(), *([node["items"]] if "items" in node else [])]
    return "deprecated" in node and not any(map(_refuses, node)) and "allOf" not in node and not any(map(_asserts, below))


def _asserts(node: Schema) -> bool:
    below = [*node.get("properties", {}).values(), *([node["items"]] if "items" in node else [])]
    return any(map(_refuses, node)) or "allOf" in node or any(map(_asserts, below))


def _objects(node: Schema, name: str = "") -> Iterator[tuple[str, Schema]]:
    """Yield the objects within a schema, each with the name of the field that it stands under."""
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
    """Write a name as generators of code write those of classes.

    >>> _pascal("motor-boat"), _pascal("category_fields")
    ('MotorBoat', 'CategoryFields')
    """
    return "".join(word[:1].upper() + word[1:] for word in re.split("[^0-9A-Za-z]+", name))
