"""How much the laws draw: little in a quick check, some in the usual run, much where there is time."""

from typing import Any

from hypothesis import settings

#: How many examples a law draws that says nothing else, by the profile: `--hypothesis-profile quick`, for instance.
PROFILES = {"quick": 4, "usual": 100, "thorough": 500}


def examples(usual: int, **more: Any) -> settings:  # noqa: ANN401  (what else the settings of Hypothesis take)
    """The settings of a law that draws so many examples in the usual run, and in other profiles more or fewer in proportion."""
    return settings(max_examples=max(1, round(usual * settings().max_examples / PROFILES["usual"])), **more)


def is_quick() -> bool:
    """Whether only a part of the rules can be tried."""
    return settings().max_examples < PROFILES["usual"]


def is_thorough() -> bool:
    """Whether there is time for what the usual run leaves out."""
    return settings().max_examples > PROFILES["usual"]
