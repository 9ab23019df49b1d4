"""Names that are none of an ad's fields, and the fields they stand for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from v4schema import spelling
from v4schema.catalogue import Catalogue, messages, privacy
from v4schema.dialect.fields import Schema, is_sendable, subschema_at, walk
from v4schema.document import pointer
from v4schema.document.edit import is_blank
from v4schema.document.pointer import Place
from v4schema.findings.report import Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldMatch:
    """The field that a name stands for: its place, whether that is certain, and the unit that the name tells, if it does."""

    at: Place
    certain: bool
    unit: str | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class FieldNames:
    """The names of the fields of a flat schema."""

    catalogue: Catalogue
    schema: Schema

    def fields(self, node: Schema) -> Mapping[str, Schema]:
        """Return the fields of an object whose names stand for themselves: a known wrong name only does if it may be sent."""
        named = node["properties"].items()
        return {name: below for name, below in named if is_sendable(below) or spelling.name_key(name) not in self.catalogue.names}

    def meant(self, ad: object, at: Place) -> FieldMatch | None:
        """Return what the name at a place of an ad stands for: it is a known wrong name, or nearly the name of a field.

        Certain are known wrong names, names that differ in case and word breaks alone, and a field's own name in the wrong
        object; but not across an ad, from among the members of something else: the brand of a powertrain is not the
        vehicle's. A name with a wrong letter is not certain. Beside undocumented fields only known wrong names and neighbours
        in the same object count.
        """
        *within, name = at
        word = spelling.name_key(str(name))
        known = self.catalogue.names.get(word)
        right = _beside(at, known.at) if known else None
        if known and right is not None and self._welcomes(at, right):
            return FieldMatch(at=right, certain=self._belongs(at, right), unit=known.unit)
        around = subschema_at(self.schema, within) or {}
        near = spelling.nearest(str(name), (field for field, node in around["properties"].items() if is_sendable(node)))
        if near is not None:
            return FieldMatch(at=(*within, near), certain=spelling.name_key(near) == word)
        if len(word) < spelling.DISTINCT or "x-open" in around:
            return None
        exact = self._places.get(word, ())
        if len(exact) == 1:
            return FieldMatch(at=exact[0], certain=self._belongs(at, exact[0]))
        found = self._places.get(spelling.nearest(word, self._places) or "", ())
        return FieldMatch(at=found[0], certain=False) if len(found) == 1 and not pointer.exists(ad, found[0]) else None

    def _belongs(self, at: Place, right: Place) -> bool:
        """Tell whether a name speaks of the same thing at both places: of the ad, of its vehicle, or of what both are in."""
        within = at[:-1]
        return within in {(), self.catalogue.own_at} or right[: len(within)] == within

    def stray(
        self, ad: object, at: Place, right: Place | None, *, pointers: privacy.MaskedPointers | None = None, rivals: bool = False
    ) -> Finding:
        """Report a name that is none of an object's fields, and the field it stands for, if it does for one.

        With `rivals`, another name stands for that field as well. `pointers` are those of the ad, if many are written.
        """
        around = subschema_at(self.schema, at[:-1]) or {}
        mend = ""
        if right is not None:
            mend = _given(ad, at, right) or ("rivals" if rivals else "rename" if right[:-1] == at[:-1] else "")
        described = around if right is None else subschema_at(self.schema, right) or {}
        return messages.make_finding(
            self.catalogue,
            "field.misnamed" if right else "field.unknown",
            (pointers or privacy.MaskedPointers(self.catalogue, ad)).written(at),
            rule={"x-source": described["x-source"]},
            case="rename" if right and right[:-1] == at[:-1] else "",
            mend=mend,
            **self.told(at, right),
        )

    def told(self, at: Place, right: Place | None) -> Mapping[str, Any]:
        """Return what fills a sentence about a name and the field that it stands for; a name that may be private is not shown."""
        return {
            "name": privacy.display_name(self.catalogue, at),
            "right": messages.short_json(right[-1]) if right else None,
            "place": pointer.write(right or ()),
        }

    def _welcomes(self, at: Place, right: Place) -> bool:
        """Tell whether a field may be sent: it, and what it is in beside the object that its wrong name stands in already."""
        shared = next((end for end in range(len(right)) if at[: end + 1] != right[: end + 1]), 0)
        described = [subschema_at(self.schema, right[:end]) for end in range(shared + 1, len(right) + 1)]
        return all(node is not None and is_sendable(node) for node in described)

    @cached_property
    def _places(self) -> Mapping[str, Sequence[Place]]:
        """The places of fields that may be sent and stand in no array, by the field's name without case and word breaks."""
        places: dict[str, list[Place]] = {}
        for at, _ in walk(self.schema, into=is_sendable):
            if at and "*" not in at:
                places.setdefault(spelling.name_key(at[-1]), []).append(at)
        return places


def _beside(at: Place, right: Place) -> Place | None:
    """Return a place with the items that another place is in for its ``*``; None if that is not in such items.

    >>> _beside(("price", 1, "belopp"), ("price", "*", "amount")), _beside(("belopp",), ("price", "*", "amount"))
    (('price', 1, 'amount'), None)
    """
    depth = len(right) - right[::-1].index("*") if "*" in right else 0
    around = tuple("*" if isinstance(token, int) else token for token in at[:depth])
    return (*at[:depth], *right[depth:]) if around == right[:depth] else None


def _given(ad: object, at: Place, right: Place) -> str:
    """Say whether the place of the right field is taken: by the same value, by another one, or not at all."""
    if not pointer.exists(ad, right) or is_blank(pointer.get(ad, right)):
        return ""
    return "given" if pointer.get(ad, right) == pointer.get(ad, at) else "other"
