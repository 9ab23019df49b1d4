"""What an edition of the API is: its operations, its categories, and what people call those."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from v4schema import spelling


@dataclass(frozen=True, slots=True, kw_only=True)
class Category:
    """A category of an edition.

    `id` is the API's number for it, `names` its names by language; `schema` is the file of its rules, or None where no
    public document tells any; `documented` says how much is known: ``full``, ``partial``, ``common`` or ``named``.
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

    In a `partial` operation an ad may leave out what it does not change; an `answer` comes from the API, which may leave
    fields null and have more of them than documents tell.
    """

    description: str
    source: Sequence[str]
    partial: bool = False
    answer: bool = False


@dataclass(frozen=True, kw_only=True)
class Edition:
    """An edition of the API: its operations and categories by name, and the file of what all categories share.

    `words` are what people call categories beside their own names, each with the slug that is meant; `openapi` is the file of
    its OpenAPI description, if it has one.
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
        """Return the category that `name` means: its number, its number as text, its slug, or a name or word for it."""
        if isinstance(name, float) and name.is_integer():
            name = int(name)  # JSON knows no difference
        if isinstance(name, bool) or not isinstance(name, int | str):
            return None
        return self.meanings.get(name) or (self.meanings.get(spelling.name_key(name)) if isinstance(name, str) else None)

    @cached_property
    def meanings(self) -> Mapping[int | str, Category]:
        """What means a category: numbers, and words as they are listed and without case and word breaks."""
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

    `categories` are triples: a category, the category it becomes, and the file of the mapping. `unmapped` has what documents
    say of the categories that become none, with its sources. With `back`, the mappings are written for the opposite direction.
    """

    version: str
    to: str
    source: Sequence[str]
    categories: Sequence[tuple[str, str, str]]
    unmapped: Mapping[str, Mapping[str, Any]]
    back: bool = False

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> "EditionPath":
        """Read an entry of the mappings in ``catalogue.json``."""
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
            categories=[(to, given, file) for given, to, file in self.categories],
            unmapped={},
            back=not self.back,
        )


def edition_of(data: Mapping[str, Any], words: Mapping[str, str]) -> Edition:
    """Return an edition from its entry in ``catalogue.json`` and the words for categories in ``words.json``."""
    return Edition(
        words=words,
        **{key: data[key] for key in ("name", "title", "source", "schema", "openapi") if key in data},
        operations={name: Operation(**told) for name, told in data["operations"].items()},
        categories={told["slug"]: Category(**told) for told in data["categories"]},
    )
