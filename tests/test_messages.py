"""Messages of the command about typical mistakes, kept word by word, so that somebody reads every change."""

from pathlib import Path

import pytest
from write_messages import FOLDER, command, play

TRANSCRIPTS = sorted(FOLDER.glob("*.txt"))


@pytest.mark.parametrize("transcript", TRANSCRIPTS, ids=lambda path: path.stem)
def test_a_mistake_gives_the_kept_messages(transcript: Path) -> None:
    """A transcript shows a shell of 80 columns; a new wording is kept after somebody has read it."""
    printed = play(command(transcript))
    kept = transcript.read_text("utf-8")
    assert printed == kept, (
        f"The new transcript is\n\n{printed}\nIf that is better: python scripts/write_messages.py {transcript.stem}"
    )


def test_every_file_has_a_transcript() -> None:
    """The transcript has the name of its file and mentions it; at least thirty typical mistakes are kept."""
    mistakes = [path for path in FOLDER.iterdir() if path not in TRANSCRIPTS]
    assert {path.name.partition(".")[0] for path in mistakes} == {path.stem for path in TRANSCRIPTS}
    assert all(path.name in command(path.parent / f"{path.name.partition('.')[0]}.txt").split() for path in mistakes)
    assert len(TRANSCRIPTS) >= 30


def test_every_kind_of_mistake_has_a_transcript() -> None:
    """Kinds are files, categories, names and values, and each command that validates or normalises."""
    text = "".join(path.read_text("utf-8") for path in TRANSCRIPTS)
    kinds = ("json", "ad", "category", "field", "schema", "value", "price", "location", "unit")
    assert all(f" {kind}." in text for kind in kinds)
    assert all(f"$ v4schema {name} " in text for name in ("validate", "normalise", "convert"))
    assert all(words in text for words in ("--api v3", "--operation update", "--operation migrate"))
