"""What a step is: a function that fixes the value of a field.

A step is made from its argument in the schema and from the field that it works on. It takes a value and returns what it made of
it (`StepResult`), why only a person can decide (`Undecided`), or None where there is nothing to do.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from v4schema.catalogue.quantities import QuantityKind, Undecided
from v4schema.catalogue.vocabulary import WordTables
from v4schema.dialect.fields import Schema
from v4schema.document.pointer import Token


@dataclass(frozen=True, slots=True, kw_only=True)
class StepResult:
    """What a step made of a value: the new value, the code of the note about it, and what fills the note's message.

    Where the note is about members or items of the value, `parts` has them: each with its name or index, what it was and what
    it is.
    """

    value: object = field(repr=False)
    code: str
    details: Mapping[str, object] = field(default_factory=dict, repr=False)
    parts: Sequence[tuple[Token, object, object]] = field(default=(), repr=False)


Step = Callable[[object], StepResult | Undecided | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """The field that a step works on.

    `schema` describes it. `choices` are the values that it may have, and `recommended` those without a warning; both are empty
    where any value goes. `words` are the word tables, `quantity_kinds` the kinds of quantities by name.
    """

    schema: Schema
    choices: Sequence[object]
    recommended: Sequence[object]
    words: WordTables
    quantity_kinds: Mapping[str, QuantityKind]
