"""The documents say what the code does."""

import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

import v4schema
from v4schema.cli import main
from v4schema.render import FORMATS


@pytest.fixture
def readme(checkout: Path) -> str:
    """The README's text."""
    return (checkout / "README.md").read_text("utf-8")


def blocks(text: str, language: str) -> Iterator[str]:
    """The fenced blocks of a language."""
    yield from re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def test_every_command_option_and_format_is_in_the_readme(readme: str) -> None:
    """Nothing can be done that is not told."""
    for name, command in main.commands.items():
        assert f"v4schema {name}" in readme
        for param in command.params:
            if isinstance(param, click.Option):
                assert max(param.opts, key=len) in readme, (name, param.opts)
    for name in FORMATS:
        assert f"`{name}`" in readme


def test_the_commands_of_the_readme_can_be_parsed(readme: str) -> None:
    """Each `v4schema …` line names a command and options that exist."""
    lines = [line for block in blocks(readme, "sh") for line in block.splitlines() if line.startswith("v4schema ")]
    assert len(lines) >= 8
    for line in lines:
        words = shlex.split(line, comments=True)[1:]
        command = main.commands[words[0]]
        known = {option for param in command.params for option in param.opts}
        assert {word for word in words if word.startswith("-")} <= known, line


def test_the_python_of_the_readme_runs(readme: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The lines about the library do what they say, up to the exception they end with."""
    (code,) = blocks(readme, "python")
    with pytest.raises(v4schema.InvalidAd):
        exec(compile(code, "README.md", "exec"), {})  # noqa: S102  (the README's own lines)
    assert "False v4/moped" in capsys.readouterr().out


def test_the_outputs_of_the_readme_are_the_commands(readme: str, checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The warning that the README shows is the one that is printed."""
    monkeypatch.chdir(checkout)
    printed = CliRunner().invoke(main, ["validate", "examples/moped.json"]).stdout
    shown = next(block for block in blocks(readme, "text") if block.startswith("examples/"))
    assert shown in printed


def test_the_settings_of_the_readme_are_settings(readme: str) -> None:
    """Each key of the TOML block is an option."""
    (block,) = blocks(readme, "toml")
    options = {option.removeprefix("--") for param in main.commands["validate"].params for option in param.opts}
    assert tomllib.loads(block)["tool"]["v4schema"].keys() <= options


def test_the_hook_is_the_command(checkout: Path, readme: str) -> None:
    """The hook that the README names is defined, and runs a command that exists."""
    hooks = (checkout / ".pre-commit-hooks.yaml").read_text("utf-8")
    assert "id: v4schema-validate" in hooks
    assert "entry: v4schema validate" in hooks
    assert "id: v4schema-validate" in readme
    pattern = re.search(r"files: (.*)", hooks)
    assert pattern
    assert [name for name in ("ads/1.json", "f.ndjson.gz", "f.jsonl", "a.py") if re.search(pattern[1], name)] == [
        "ads/1.json",
        "f.ndjson.gz",
        "f.jsonl",
    ]


def test_the_changelog_has_a_place_for_what_comes(checkout: Path) -> None:
    """Keep a Changelog: an Unreleased section, and versions in order."""
    assert "## [Unreleased]" in (checkout / "CHANGELOG.md").read_text("utf-8")
