"""What a step is: something that is done to a value of a field.

A step is made from its argument in the schema and the field that it works on. What is made takes a value and says what it
made of it (`StepResult`), why only a person can tell (`AdRefused`), or None where it has nothing to do.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from v4schema.catalogue.quantities import QuantityKind, Undecided
from v4schema.dialect.fields import Schema
from v4schema.document.pointer import Token


@dataclass(frozen=True, slots=True, kw_only=True)
class StepResult:
    """What a step made of a value: the new value, the code of the note that tells of it, and what fills its sentence.

    Where the note is not about the value itself, `below` has the members or items that it is about, each with what stood
    there and what stands there now.
    """

    value: object = field(repr=False)
    code: str
    told: Mapping[str, object] = field(default_factory=dict, repr=False)
    below: Sequence[tuple[Token, object, object]] = field(default=(), repr=False)


Step = Callable[[object], StepResult | Undecided | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """What steps are told of the field they work on.

    `schema` describes it. `choices` are the values that it may have, and `offered` those of them that no rule warns of; both
    are empty where any value goes. `words` are the tables of words, `measures` the kinds of quantities, by their names.
    """

    schema: Schema
    choices: Sequence[object]
    offered: Sequence[object]
    words: Mapping[str, Mapping[str, Sequence[object]]]
    quantity_kinds: Mapping[str, QuantityKind]
