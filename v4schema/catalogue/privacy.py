"""Which names of an ad may be shown.

A name that no document knows may be a value that was written in the wrong place, and may identify a person.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from v4schema import spelling
from v4schema.catalogue import Catalogue, messages
from v4schema.dialect.fields import Schema
from v4schema.document import pointer
from v4schema.document.pointer import MASK, Place, Token

#: The form of field names, in this package and elsewhere: one word, which cannot be a telephone number or an address.
_LOOKS_LIKE_A_NAME = re.compile(r"[@$_]?[^\W\d_][\w.-]{0,39}")
#: Plates, telephone numbers and chassis numbers have more digits than this; the names of most fields do not.
_MAX_DIGITS = 1
#: A name that is too short to identify anybody, such as the index of an item.
_SHORT = re.compile("[0-9A-Za-z_]{1,2}|[0-9]{3}")


class MaskedPointers:
    """JSON Pointers to places in a document, with names masked that may be private.

    Such a name is replaced by ``…`` and its number in its object, from 1: ``/contact/…2`` is the second member of the contact. If
    the document does not have it, it is replaced by ``…``.

    >>> from v4schema.catalogue import default
    >>> pointers = MaskedPointers(default(), {"contact": {"phone": "1", "0701234567": "2"}})
    >>> pointers.write(("contact", "0701234567")), pointers.parse("/contact/…2")
    ('/contact/…2', ('contact', '0701234567'))
    """

    def __init__(self, catalogue: Catalogue, document: object) -> None:
        self._catalogue = catalogue
        self._document = document
        self._names: dict[int, Sequence[str]] = {}
        self._numbers: dict[int, Mapping[str, int]] = {}

    def write(self, place: Place) -> str:
        """Write a place as a masked JSON Pointer."""
        masks = [*may_be_private(self._catalogue, place)]
        if not any(masks):
            return pointer.write(place)
        return mask(place, masks, [self._number(place[:end], name) for end, name in enumerate(place)])

    def parse(self, at: str) -> Place:
        """Return the place that a masked JSON Pointer stands for, with the real names."""
        if MASK not in at:
            return pointer.resolve(self._document, at)
        place: list[Token] = []
        for token in pointer.parse(at):
            value = self._value(place)
            number = pointer.masked_number(token)
            if isinstance(value, dict) and number is not None and number <= len(value):
                if id(value) not in self._names:
                    self._names[id(value)] = [*value]
                place.append(self._names[id(value)][number - 1])
            else:
                place.append(int(token) if isinstance(value, list) and token.isdecimal() else token)
        return tuple(place)

    def _number(self, enclosing: Place, name: Token) -> int:
        """Return the number of a member in the object at `enclosing`, from 1; 0 if the object does not have it."""
        value = self._value(enclosing)
        if not isinstance(value, dict):
            return 0
        if id(value) not in self._numbers:
            self._numbers[id(value)] = {each: number for number, each in enumerate(value, 1)}
        return self._numbers[id(value)].get(str(name), 0)

    def _value(self, place: Sequence[Token]) -> Any:  # noqa: ANN401  (any JSON)
        """Return the value at a place; None if there is none."""
        return pointer.get(self._document, place) if pointer.exists(self._document, place) else None


def masked_pointer(catalogue: Catalogue, place: Place, document: object = None) -> str:
    """Write a place in a document as a JSON Pointer, with names masked that may be private; see `MaskedPointers`."""
    known = _known(catalogue)
    if all(token in known or isinstance(token, int) for token in place):  # the usual case
        return pointer.write(place)
    return MaskedPointers(catalogue, document).write(place)


def mask(place: Place, masks: Sequence[bool], numbers: Sequence[int]) -> str:
    """Write a place as a JSON Pointer; each token with a true value in `masks` is replaced by ``…`` and its number, if not 0."""
    tokens = zip(place, masks, numbers, strict=True)
    return pointer.write(f"{MASK}{number or ''}" if masked else token for token, masked, number in tokens)


def display_name(catalogue: Catalogue, place: Place) -> str:
    """Write the name of a member for a message; "of this name" if it may be private."""
    return "of this name" if [*may_be_private(catalogue, place)][-1] else messages.short_json(place[-1])


def display_word(name: str) -> str:
    """Return a word that is used as a name, or ``…`` if it does not look like a name."""
    return name if looks_like_a_name(name) else MASK


def may_be_private(catalogue: Catalogue, place: Place, *, within_private: bool = False) -> Iterator[bool]:
    """Yield, for each token of a place, whether it is a name that may be private.

    Names from documents or ``words.json``, in any spelling, are not private, and neither are very short names. Any other name may
    be private if it is within a private or unknown member, or if it does not look like the name of a field. With
    `within_private`, it may be private only within a private member: this is for names that come from the API and not from the
    sender.
    """
    known, masks_unknown = _known(catalogue), False
    for token in place:
        if isinstance(token, int):
            yield False
            continue
        private = known.get(token)
        if private is None:
            private = known.get(spelling.name_key(token))
        unknown = private is None and not _SHORT.fullmatch(token)
        yield unknown and (masks_unknown or not (within_private or looks_like_a_name(token)))
        masks_unknown = masks_unknown or bool(private) or (private is None and not within_private)


def looks_like_a_name(word: str) -> bool:
    """Return whether a word looks like the name of a field, and not like a value.

    >>> [looks_like_a_name(word) for word in ("colour", "image_1", "0701234567", "ABC123", "anna@example.com", "Anna Ek")]
    [True, True, False, False, False, False]
    """
    return _LOOKS_LIKE_A_NAME.fullmatch(word) is not None and sum(map(str.isdigit, word)) <= _MAX_DIGITS


@lru_cache(maxsize=8)
def _known(catalogue: Catalogue) -> Mapping[str, bool]:
    """Return the names that documents and people give to fields, and their keys, each with whether it is private.

    They are read from the schema files, because flattening all schemas takes too long for one wrong name.
    """
    names: dict[str, bool] = {}
    seen: set[tuple[int, bool]] = set()
    for edition in catalogue.editions.values():
        for file in {edition.schema, *(category.schema for category in edition.categories.values() if category.schema)}:
            for name, private in _field_names(catalogue, catalogue.read(file), file, private=False, seen=seen):
                names[name] = names.get(name, False) or private
    for wrong, right in catalogue.names.items():
        names.setdefault(wrong, any(names.get(name, False) for name in right.at))
    for name, private in [*names.items()]:
        names.setdefault(spelling.name_key(name), private)
    return names


def _field_names(
    catalogue: Catalogue, node: Schema, file: str, *, private: bool, seen: set[tuple[int, bool]]
) -> Iterator[tuple[str, bool]]:
    """Yield the names of the fields in a subschema, each with whether it, or an object that it belongs to, is private.

    `seen` are the subschemas that were visited before, each with whether it is within something private: most are shared.
    """
    private = private or _is_private(catalogue, node, file)
    if (id(node), private) in seen:
        return
    seen.add((id(node), private))
    for layer, origin in _layers(catalogue, node, file):
        yield from _field_names(catalogue, layer, origin, private=private, seen=seen)
    for name, below in node.get("properties", {}).items():
        yield name, private or _is_private(catalogue, below, file)
        yield from _field_names(catalogue, below, file, private=private, seen=seen)
    if "items" in node:
        yield from _field_names(catalogue, node["items"], file, private=private, seen=seen)


def _is_private(catalogue: Catalogue, node: Schema, file: str) -> bool:
    return "x-private" in node or any(_is_private(catalogue, *layer) for layer in _layers(catalogue, node, file))


def _layers(catalogue: Catalogue, node: Schema, file: str) -> Iterator[tuple[Schema, str]]:
    """Yield the schemas that a subschema includes by ``$ref`` and ``allOf``, each with its file, as the files have them."""
    if "$ref" in node:
        layer, origin = catalogue.referred(node["$ref"], file)
        yield layer if isinstance(layer, dict) else {}, origin
    yield from ((branch, file) for branch in node.get("allOf", ()))
