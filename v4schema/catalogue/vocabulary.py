"""What people call things: words for values, the meanings of those words, and wrong names of fields."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from v4schema import spelling
from v4schema.catalogue.editions import Edition
from v4schema.document import pointer

#: Tables by name: from a word, as `v4schema.spelling.word_key` writes it, to the values that it may mean.
WordTables = Mapping[str, Mapping[str, Sequence[Any]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class WrongName:
    """The field that a wrong name stands for: its place, and the unit that the name implies, if it implies one."""

    at: tuple[str, ...]
    unit: str | None = None


def wrong_names(names: Mapping[str, str | Mapping[str, str]]) -> Mapping[str, WrongName]:
    """Return the wrong names of ``words.json`` by `v4schema.spelling.name_key`."""
    return {spelling.name_key(name): _wrong_name(right) for name, right in names.items()}


def word_tables(values: Mapping[str, Mapping[str, Any]], editions: Iterable[Edition]) -> WordTables:
    """Return the word tables of ``words.json``.

    The table of categories maps every name that `Edition.category` accepts to the numbers of the categories, as text.
    """
    tables: dict[str, dict[str, list[Any]]] = {}
    for name, table in values.items():
        meanings = {word: meaning if isinstance(meaning, list) else [meaning] for word, meaning in table.items()}
        tables[name] = {spelling.word_key(word): several for word, several in meanings.items()}
    numbers = tables["category"] = {}
    for edition in editions:
        for word, category in edition.meanings.items():
            numbers.setdefault(spelling.word_key(str(word)), []).append(str(category.id))
    return tables


def translations(tables: WordTables, units: Mapping[str, Any]) -> Mapping[str, Sequence[Any]]:
    """Return every word for a value or a unit, in any table, with the API's words that it may mean."""
    meanings: dict[str, list[Any]] = {}
    for table in tables.values():
        for word, several in table.items():
            meanings.setdefault(word, []).extend(several)
    for kind in units["kinds"].values():
        for name, unit in kind["units"].items():
            for word in filter(str.isalpha, unit["spellings"]):
                meanings.setdefault(spelling.word_key(word), []).append(name)
    return meanings


def _wrong_name(right: str | Mapping[str, str]) -> WrongName:
    """Read an entry of ``words.json``: a pointer, or an object of pointer and unit."""
    data = {"at": right} if isinstance(right, str) else right
    return WrongName(at=pointer.parse(data["at"]), unit=data.get("unit"))
