"""Regular expressions of schemas mean the same in every engine and take linear time."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis_profiles import examples
from interegular.patterns import parse_pattern
from json_strategies import CATALOGUE, KINDS

from v4schema.dialect.engines import ENGINES
from v4schema.dialect.patterns import Pattern, bounded


def expressions(node: Any) -> Iterator[str]:  # noqa: ANN401
    """Every expression of the schemas and mappings, except those of suggestions."""
    if isinstance(node, dict):
        yield from (node[name] for name in ("pattern", "leaving", "unless") if isinstance(node.get(name), str))
    for below in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from expressions(below)


OURS = sorted({*expressions([CATALOGUE.schema(kind) for kind in KINDS]), *expressions(CATALOGUE.read("meta/receipt.json"))})
LETTERS = st.sampled_from([*"ab-1", "[^a]", "[a-c-]", "[-1]", "\u00e5"])
PATTERNS = st.recursive(
    LETTERS,
    lambda inner: (
        st.builds("({})".format, st.lists(inner, min_size=1, max_size=3).map("|".join))
        | st.lists(inner, min_size=1, max_size=3).map("".join)
        | st.builds("({}){}".format, inner, st.sampled_from(["?", "*", "+", "{2}", "{1,}", "{0,2}"]))
    ),
    max_leaves=6,
)


@given(
    st.builds("{}({}){}".format, st.sampled_from(["", "^"]), PATTERNS, st.sampled_from(["", "$"])),
    st.text("abc-1\u00e5\n", max_size=8),
)
def test_a_drawn_expression_means_the_same_to_python_and_every_engine(expression: str, text: str) -> None:
    """``$`` is the end of the text, also if that ends with a line feed."""
    wanted = re.search(expression.replace("$", r"\Z"), text) is not None
    assert Pattern(expression).matches(text) == wanted
    for compiled in ENGINES.values():
        assert compiled({"pattern": expression}).accepts(text) == wanted


@pytest.mark.parametrize("expression", OURS)
@examples(25)
@given(data=st.data())
def test_expressions_of_our_schemas_mean_the_same_to_python(expression: str, data: st.DataObject) -> None:
    """It is tested with texts that match and with similar ones."""
    signs = st.sampled_from([*expression, " ", "0", "z", "\n", "\u00e5"])
    text = data.draw(st.lists(signs, max_size=8).map("".join))
    if expression.startswith("^") and expression.endswith("$"):
        text = data.draw(st.just(text) | st.from_regex(expression, fullmatch=True))
    assert Pattern(expression).matches(text) == (re.search(expression.replace("$", r"\Z"), text) is not None)


class Counted:
    """A text that counts how often its letters are read."""

    def __init__(self, text: str) -> None:
        self.text, self.read = text, 0

    def __iter__(self) -> Iterator[str]:
        for letter in self.text:
            self.read += 1
            yield letter


@pytest.mark.parametrize("expression", [*OURS, "^(a+)+$", "^(a|a)*b$", "^(a?){40}a{40}$", "^(a|b)*a(a|b){12}$", "a*a*a*!"])
def test_each_letter_of_a_text_is_read_once(expression: str) -> None:
    """It is so for every expression and text; a longer text does not need more memory."""
    pattern = Pattern(expression)
    for piece in ("a", "ab", "aab", "https://a.a", "1 ", "-", " "):
        text = Counted(piece * 2_000)
        pattern.matches(text)
        assert text.read <= len(text.text)
        assert len(pattern._states) <= 1_000  # noqa: SLF001


@pytest.mark.slow
def test_forgotten_states_are_computed_again() -> None:
    """An expression with more states than are kept matches correctly."""
    pattern = Pattern("^(a|b)*a(a|b){10}$")
    machine = parse_pattern("(a|b)*a(a|b){10}").to_fsm()
    for number in range(1 << 8):
        text = f"{number * 2654435761 % (1 << 32):032b}".translate({48: "a", 49: "b"})
        assert pattern.matches(text) == machine.accepts(text)


@pytest.mark.parametrize(
    ("expression", "why"),
    [
        ("^a|b$", "need brackets"),
        ("(a", "not closed"),
        ("a)", "without an opening one"),
        ("a**", "is not allowed here"),
        ("a+?", "is not allowed here"),
        ("(?=a)", "is not allowed here"),
        (r"\d", "is not allowed here"),
        ("^.$", "is not allowed here"),
        ("a^b", "is not allowed here"),
        ("a{2,1}", "number of repetitions is 0"),
        ("a{0}", "number of repetitions is 0"),
        ("a{501}", "more than 500"),
        ("a{501,}", "more than 500"),
        ("(a{50}){50}", "more than 500"),
        ("a{,3}", "number of repetitions"),
        ("a{2", "number of repetitions"),
        ("[]", "characters and ranges"),
        ("[a", "characters and ranges"),
        ("[[:alpha:]]", "characters and ranges"),
        ("[z-a]", "range z-a is empty"),
        ("(a|)", "an alternative is empty"),
        ("(" * 5_000, "too deep"),
    ],
)
def test_ambiguous_and_slow_expressions_are_refused(expression: str, why: str) -> None:
    """The reason is given."""
    with pytest.raises(ValueError, match=why):
        Pattern(expression)


@pytest.mark.parametrize(
    ("expression", "why"),
    [
        ("(a*)", "up to a number"),
        ("(a+)", "up to a number"),
        ("(a{3,})", "up to a number"),
        ("((ab){3})", "up to a number"),
        (r"(a)\1", "up to a number"),
        ("(a?)" * 14, "ways to match"),
        ("(a|b)" * 14, "ways to match"),
        ("([a]{0,99}[b]{0,99}[c]{0,9})", "ways to match"),
        ("(a", "unterminated"),
    ],
)
def test_unbounded_suggestions_are_refused(expression: str, why: str) -> None:
    """An expression with unlimited repetition, or with too many ways to match, is refused with the reason."""
    with pytest.raises(ValueError, match=why):
        bounded(expression)


def test_suggestions_of_our_mappings_are_bounded() -> None:
    """Each is accepted and has one group."""
    files = {file for path in CATALOGUE.edition_paths.values() for _, _, file in path.categories}
    files |= {f"{file.rpartition('/')[0]}/{name}" for file in files for name in CATALOGUE.read(file).get("include", ())}
    patterns = [
        each["pattern"] for file in files for ask in CATALOGUE.read(file).get("ask", ()) for each in ask.get("suggest", ())
    ]
    assert len(patterns) >= 8
    assert {bounded(pattern).groups for pattern in patterns} == {1}
