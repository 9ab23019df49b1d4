"""Editions of the API: their operations, their categories with the words for them, and the paths between editions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from v4schema import spelling


@dataclass(frozen=True, slots=True, kw_only=True)
class Category:
    """A category of an edition.

    `id` is the API's number for it, and `names` has its names by language. `schema` is the file of its rules, or None if no
    public document has any. `documented` says how much is known: ``full``, ``partial``, ``common`` or ``named``. `source` has the
    codes of the documents.
    """

    slug: str
    id: int
    names: Mapping[str, str]
    documented: str
    source: Sequence[str]
    schema: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """What is done with an ad.

    In a `partial` operation, an ad may leave out what it does not change. If `is_response`, the ad comes from the API: its fields
    may be null, and it may have fields that no document lists.
    """

    description: str
    source: Sequence[str]
    partial: bool = False
    is_response: bool = False


@dataclass(frozen=True, kw_only=True)
class Edition:
    """An edition of the API: its operations and categories by name, and the file of what all categories share.

    `words` are further words for categories, each with the slug of the category. `openapi` is the file of its OpenAPI
    description, if it has one.
    """

    name: str
    title: str
    source: Sequence[str]
    schema: str
    operations: Mapping[str, Operation]
    categories: Mapping[str, Category]
    words: Mapping[str, str]
    openapi: str | None = None

    def category(self, name: object) -> Category | None:
        """Return the category that `name` means: a number, a number as text, a slug, a name or a word; None if it means none."""
        if isinstance(name, float) and name.is_integer():
            name = int(name)  # in JSON, 1121.0 is the same number as 1121
        if isinstance(name, bool) or not isinstance(name, int | str):
            return None
        return self.meanings.get(name) or (self.meanings.get(spelling.name_key(name)) if isinstance(name, str) else None)

    @cached_property
    def meanings(self) -> Mapping[int | str, Category]:
        """The categories by number and by every word for them, both as listed and without case and word breaks."""
        meanings: dict[int | str, Category] = {}
        for word, slug in self.words.items():
            if slug in self.categories:
                meanings.update({word: self.categories[slug], spelling.name_key(word): self.categories[slug]})
        for category in self.categories.values():
            meanings[category.id] = category
            for word in (str(category.id), category.slug, *category.names.values()):
                meanings.update({word: category, spelling.name_key(word): category})
        return meanings


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EditionPath:
    """The path from one edition to another.

    `categories` are triples: a category, the category that it becomes, and the file of the mapping. `unmapped` has what documents
    say about the categories that become none, with the sources. With `back`, the mappings are written for the opposite direction.
    """

    version: str
    to: str
    source: Sequence[str]
    categories: Sequence[tuple[str, str, str]]
    unmapped: Mapping[str, Mapping[str, Any]]
    back: bool = False

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> "EditionPath":
        """Return the path from its entry under ``mappings`` in ``catalogue.json``."""
        return cls(
            version=data["from"],
            to=data["to"],
            source=data["source"],
            categories=[(each["from"], each["to"], each["mapping"]) for each in data["categories"]],
            unmapped=data["unmapped"],
        )

    @property
    def reversed(self) -> "EditionPath":
        """The path in the opposite direction."""
        return EditionPath(
            version=self.to,
            to=self.version,
            source=self.source,
            categories=[(after, before, file) for before, after, file in self.categories],
            unmapped={},
            back=not self.back,
        )


def edition_from_data(data: Mapping[str, Any], words: Mapping[str, str]) -> Edition:
    """Return an edition from its entry in ``catalogue.json`` and the words for categories in ``words.json``."""
    return Edition(
        words=words,
        **{key: data[key] for key in ("name", "title", "source", "schema", "openapi") if key in data},
        operations={name: Operation(**operation) for name, operation in data["operations"].items()},
        categories={category["slug"]: Category(**category) for category in data["categories"]},
    )
