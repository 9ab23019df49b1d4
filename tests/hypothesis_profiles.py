"""How many examples the property tests draw: few in the quick profile, more in the usual one, most in the thorough one."""

from typing import Any

from hypothesis import settings

#: How many examples a property test draws by default, by the name for `--hypothesis-profile`.
PROFILES = {"quick": 4, "usual": 100, "thorough": 500}


def examples(usual: int, **more: Any) -> settings:  # noqa: ANN401  (any settings of Hypothesis)
    """The settings of a test that draws `usual` examples in the usual profile, and proportionally many in the others."""
    return settings(max_examples=max(1, round(usual * settings().max_examples / PROFILES["usual"])), **more)


def is_quick() -> bool:
    """Whether only some of the assertions are tested."""
    return settings().max_examples < PROFILES["usual"]


def is_thorough() -> bool:
    """Whether the tests include what the usual profile leaves out."""
    return settings().max_examples > PROFILES["usual"]
