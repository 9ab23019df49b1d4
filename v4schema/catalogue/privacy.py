"""Which names of an ad may be shown: one that no document knows may be a value in the wrong place, and identify a person."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from v4schema import spelling
from v4schema.catalogue import Catalogue, messages
from v4schema.dialect.fields import Schema
from v4schema.document import pointer
from v4schema.document.pointer import MASK, Place, Token

#: What names of fields look like, in this package and elsewhere: one word, and no place for a telephone number or an address.
_LOOKS_LIKE_A_NAME = re.compile(r"[@$_]?[^\W\d_][\w.-]{0,39}")
#: Plates, telephone numbers and chassis numbers have more digits than the names of most fields.
_MOST_DIGITS = 1
#: What is too short to tell anything, such as the index of an item.
_SHORT = re.compile("[0-9A-Za-z_]{1,2}|[0-9]{3}")


class MaskedPointers:
    """JSON Pointers to the places of a document that hold no name which may be private.

    Such a name stands as ``…`` and its number in its object, from 1: ``/contact/…2`` is the second member of the contact. Where
    the document does not hold it, it stands as ``…``.

    >>> from v4schema.catalogue import default
    >>> pointers = Pointers(default(), {"contact": {"phone": "1", "0701234567": "2"}})
    >>> pointers.write(("contact", "0701234567")), pointers.parse("/contact/…2")
    ('/contact/…2', ('contact', '0701234567'))
    """

    def __init__(self, catalogue: Catalogue, document: object) -> None:
        self._catalogue = catalogue
        self._document = document
        self._names: dict[int, Sequence[str]] = {}
        self._numbers: dict[int, Mapping[str, int]] = {}

    def write(self, place: Place) -> str:
        """Write a place as such a JSON Pointer."""
        masks = [*hidden(self._catalogue, place)]
        if not any(masks):
            return pointer.write(place)
        return mask(place, masks, [self._number(place[:end], name) for end, name in enumerate(place)])

    def parse(self, at: str) -> Place:
        """Take such a JSON Pointer apart: masked names are the true ones again."""
        if MASK not in at:
            return pointer.resolve(self._document, at)
        place: list[Token] = []
        for token in pointer.parse(at):
            here = self._around(place)
            number = pointer.masked_number(token)
            if isinstance(here, dict) and number is not None and number <= len(here):
                if id(here) not in self._names:
                    self._names[id(here)] = [*here]
                place.append(self._names[id(here)][number - 1])
            else:
                place.append(int(token) if isinstance(here, list) and token.isdecimal() else token)
        return tuple(place)

    def _number(self, around: Place, name: Token) -> int:
        """Return the number of a member in its object; 0 for what is no member of one."""
        here = self._around(around)
        if not isinstance(here, dict):
            return 0
        if id(here) not in self._numbers:
            self._numbers[id(here)] = {each: number for number, each in enumerate(here, 1)}
        return self._numbers[id(here)].get(str(name), 0)

    def _around(self, place: Sequence[Token]) -> Any:  # noqa: ANN401  (any JSON)
        return pointer.get(self._document, place) if pointer.exists(self._document, place) else None


def masked_pointer(catalogue: Catalogue, place: Place, document: object = None) -> str:
    """Write a place in a document as a JSON Pointer that holds no name which may be private, as `MaskedPointers` does it."""
    known = _known(catalogue)
    if all(token in known or isinstance(token, int) for token in place):  # as nearly always
        return pointer.write(place)
    return MaskedPointers(catalogue, document).write(place)


def mask(place: Place, masks: Sequence[bool], numbers: Sequence[int]) -> str:
    """Write a place as a JSON Pointer in which names are mask by their numbers."""
    told = zip(place, masks, numbers, strict=True)
    return pointer.write(f"{MASK}{number or ''}" if mask else name for name, mask, number in told)


def display_name(catalogue: Catalogue, place: Place) -> str:
    """Write the name of a member for a sentence, if it may be shown."""
    return "of this name" if [*hidden(catalogue, place)][-1] else messages.short_json(place[-1])


def display_word(name: str) -> str:
    """Return a display_word that is used as a name, or what stands for it where it does not look like one."""
    return name if looks_like_a_name(name) else MASK


def hidden(catalogue: Catalogue, place: Place, *, within_private: bool = False) -> Iterator[bool]:
    """Tell of each step to a place whether it is a name that may be private.

    The names that documents know are not, nor those that words.json knows, in whatever spelling, nor very short ones. Any other
    is, within what is private and within what no document knows; elsewhere, if it does not look like the name of a field. With
    `within_private`, only within what is private: for names that are not the sender's own, but the API's.
    """
    known, closed = _known(catalogue), False
    for token in place:
        if isinstance(token, int):
            yield False
            continue
        private = known.get(token)
        if private is None:
            private = known.get(spelling.name_key(token))
        telling = private is None and not _SHORT.fullmatch(token)
        yield telling and (closed or not (within_private or looks_like_a_name(token)))
        closed = closed or bool(private) or (private is None and not within_private)


def looks_like_a_name(display_word: str) -> bool:
    """Tell whether a word looks like the name of a field, and not like a value.

    >>> [looks_like_a_name(word) for word in ("colour", "image_1", "0701234567", "ABC123", "anna@example.com", "Anna Ek")]
    [True, True, False, False, False, False]
    """
    return _LOOKS_LIKE_A_NAME.fullmatch(display_word) is not None and sum(map(str.isdigit, display_word)) <= _MOST_DIGITS


@lru_cache(maxsize=8)
def _known(catalogue: Catalogue) -> Mapping[str, bool]:
    """Return the names that documents and people give to fields, folded as well: each with whether it is private.

    They are read from the layers of the schemas: making all of these flat takes too long for one wrong name.
    """
    names: dict[str, bool] = {}
    for edition in catalogue.editions.values():
        for file in {edition.schema, *(category.schema for category in edition.categories.values() if category.schema)}:
            for name, private in _named(catalogue, *catalogue.resolved(file, file), private=False):
                names[name] = names.get(name, False) or private
    for wrong, right in catalogue.names.items():
        names.setdefault(wrong, any(names.get(name, False) for name in right.at))
    for name, private in [*names.items()]:
        names.setdefault(spelling.name_key(name), private)
    return names


def _named(catalogue: Catalogue, node: Schema, file: str, *, private: bool) -> Iterator[tuple[str, bool]]:
    """Yield the names of the fields in a part of a schema, each with whether it, or what it belongs to, is private."""
    private = private or _is_private(catalogue, node, file)
    for layer, origin in _layers(catalogue, node, file):
        yield from _named(catalogue, layer, origin, private=private)
    for name, below in node.get("properties", {}).items():
        yield name, private or _is_private(catalogue, below, file)
        yield from _named(catalogue, below, file, private=private)
    if "items" in node:
        yield from _named(catalogue, node["items"], file, private=private)


def _is_private(catalogue: Catalogue, node: Schema, file: str) -> bool:
    return "x-private" in node or any(_is_private(catalogue, *layer) for layer in _layers(catalogue, node, file))


def _layers(catalogue: Catalogue, node: Schema, file: str) -> Iterator[tuple[Schema, str]]:
    """Yield what a part of a schema is laid over, each with the file that it stands in."""
    if "$ref" in node:
        yield catalogue.resolved(node["$ref"], file)
    yield from ((branch, file) for branch in node.get("allOf", ()))
