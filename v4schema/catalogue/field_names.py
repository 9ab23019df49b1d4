"""Names that are no fields of an ad, and the fields that they mean."""

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
    """The field that a name means: its place, whether that is certain, and the unit that the name implies, if any."""

    at: Place
    certain: bool
    unit: str | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class FieldNames:
    """The names of the fields of a flat schema."""

    catalogue: Catalogue
    schema: Schema

    def fields(self, schema: Schema) -> Mapping[str, Schema]:
        """Return the fields of an object whose names mean themselves. A known wrong name does only if the field may be sent."""
        named = schema["properties"].items()
        return {name: below for name, below in named if is_sendable(below) or spelling.name_key(name) not in self.catalogue.names}

    def match(self, ad: object, at: Place) -> FieldMatch | None:
        """Return the field that the name at a place of an ad means, or None.

        Three kinds of names are certain: known wrong names, names that differ in case and word breaks alone, and a field's own
        name in the wrong object. A name in another part of the ad is not certain: the brand of a powertrain is not that of the
        vehicle. A name with a wrong letter is not certain. Beside undocumented fields, only known wrong names and similar names
        in the same object count.
        """
        *within, name = at
        key = spelling.name_key(str(name))
        known = self.catalogue.names.get(key)
        right = _with_indexes(at, known.at) if known else None
        if known and right is not None and self._is_sendable(at, right):
            return FieldMatch(at=right, certain=self._same_subject(at, right), unit=known.unit)
        around = subschema_at(self.schema, within) or {}
        near = spelling.nearest(str(name), (field for field, node in around["properties"].items() if is_sendable(node)))
        if near is not None:
            return FieldMatch(at=(*within, near), certain=spelling.name_key(near) == key)
        if len(key) < spelling.MIN_DISTINCT or "x-open" in around:
            return None
        exact = self._places.get(key, ())
        if len(exact) == 1:
            return FieldMatch(at=exact[0], certain=self._same_subject(at, exact[0]))
        found = self._places.get(spelling.nearest(key, self._places) or "", ())
        return FieldMatch(at=found[0], certain=False) if len(found) == 1 and not pointer.exists(ad, found[0]) else None

    def finding(
        self,
        ad: object,
        at: Place,
        right: Place | None,
        *,
        pointers: privacy.MaskedPointers | None = None,
        has_rivals: bool = False,
    ) -> Finding:
        """Report the name at a place, and the field at `right` that it means; None where it means none.

        With `has_rivals`, another name means that field as well. `pointers` are those of the ad; pass them when reporting many.
        """
        around = subschema_at(self.schema, at[:-1]) or {}
        hint_case = ""
        if right is not None:
            hint_case = _occupied(ad, at, right) or ("rivals" if has_rivals else "rename" if right[:-1] == at[:-1] else "")
        described = around if right is None else subschema_at(self.schema, right) or {}
        return messages.make_finding(
            self.catalogue,
            "field.misnamed" if right else "field.unknown",
            (pointers or privacy.MaskedPointers(self.catalogue, ad)).write(at),
            rule={"x-source": described["x-source"]},
            case="rename" if right and right[:-1] == at[:-1] else "",
            hint_case=hint_case,
            **self.details(at, right),
        )

    def details(self, at: Place, right: Place | None) -> Mapping[str, Any]:
        """Return what fills a message about a name and the field that it means; a name that may be private is not shown."""
        return {
            "name": privacy.display_name(self.catalogue, at),
            "right": messages.short_json(right[-1]) if right else None,
            "place": pointer.write(right or ()),
        }

    def _same_subject(self, at: Place, right: Place) -> bool:
        """Return whether a name is about the same thing at both places: the ad, its vehicle, or the object that holds both."""
        within = at[:-1]
        return within in {(), self.catalogue.category_fields_at} or right[: len(within)] == within

    def _is_sendable(self, at: Place, right: Place) -> bool:
        """Return whether a field may be sent, and every object around it that does not already hold the wrong name."""
        shared = next((end for end in range(len(right)) if at[: end + 1] != right[: end + 1]), 0)
        described = [subschema_at(self.schema, right[:end]) for end in range(shared + 1, len(right) + 1)]
        return all(node is not None and is_sendable(node) for node in described)

    @cached_property
    def _places(self) -> Mapping[str, Sequence[Place]]:
        """The places of the fields that may be sent and are in no array, by the key of their names."""
        places: dict[str, list[Place]] = {}
        for at, _ in walk(self.schema, into=is_sendable):
            if at and "*" not in at:
                places.setdefault(spelling.name_key(at[-1]), []).append(at)
        return places


def _with_indexes(at: Place, right: Place) -> Place | None:
    """Replace each ``*`` of a place by the index at another place; None where that place is not in the same arrays.

    >>> _with_indexes(("price", 1, "belopp"), ("price", "*", "amount")), _with_indexes(("belopp",), ("price", "*", "amount"))
    (('price', 1, 'amount'), None)
    """
    depth = len(right) - right[::-1].index("*") if "*" in right else 0
    around = tuple("*" if isinstance(token, int) else token for token in at[:depth])
    return (*at[:depth], *right[depth:]) if around == right[:depth] else None


def _occupied(ad: object, at: Place, right: Place) -> str:
    """Tell what is at the place of the right field: the same value ("given"), another one ("other"), or nothing ("")."""
    if not pointer.exists(ad, right) or is_blank(pointer.get(ad, right)):
        return ""
    return "given" if pointer.get(ad, right) == pointer.get(ad, at) else "other"
