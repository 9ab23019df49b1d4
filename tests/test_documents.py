"""The documents say what the code does."""

import json
import re
import shlex
import shutil
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

import v4schema
from v4schema.cli import main
from v4schema.output.formats import FORMATS


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
    shell = [line for block in blocks(readme, "sh") for line in block.replace("\\\n", "").splitlines()]
    lines = [line for line in shell if line.startswith("v4schema ")]
    assert len(lines) >= 8
    for line in lines:
        words = shlex.split(line, comments=True)[1:]
        command = main.commands[words[0]]
        known = {option for param in command.params for option in param.opts}
        assert {word for word in words if word.startswith("-")} <= known, line


def test_the_python_of_the_readme_runs(
    readme: str, checkout: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lines about the library do what they say, the first ones up to the exception they end with."""
    monkeypatch.chdir(checkout)
    first, second, third, *_ = sorted(blocks(readme, "python"), key=lambda block: "openapi" in block or "strategies" in block)
    names: dict[str, object] = {}
    with pytest.raises(v4schema.InvalidAd):
        exec(compile(first, "<README.md>", "exec"), names)  # noqa: S102  (the README's own lines)
    exec(compile(second, "<README.md>", "exec"), names)  # noqa: S102
    exec(compile(third, "<README.md>", "exec"), names)  # noqa: S102
    printed = capsys.readouterr().out
    assert "False v4/moped" in printed
    assert "True {'mileage': {'unit': 'km', 'value': 15400}}" in printed
    assert "/category_fields/gearbox /category_fields/powertrain/transmission Automat automatic" in printed
    assert "\n3490000\n" in printed
    assert "\n/category_fields/powertrain/transmission manual or automatic In V3 this category is a simple ad.\n" in printed
    assert printed.endswith("\nFalse {'body_type': 'moped', 'brand': 'yamaha'}\n")


def test_the_requests_of_the_readme_are_checked(readme: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The lines about HTTP print what they say they do, and what stands before a session and a client can be made."""
    first, second = [block for block in blocks(readme, "python") if "openapi" in block]
    exec(compile(first, "<README.md>", "exec"), {})  # noqa: S102
    printed = capsys.readouterr().out.splitlines()
    assert [line for line in first.splitlines() if any(line.endswith(f"# {each}") for each in printed)] == [
        f"# {printed[0]}",
        f"    print(finding.at, finding.says)  # {printed[1]}",
    ]
    names: dict[str, Any] = {}
    exec(compile(second, "<README.md>", "exec"), names)  # noqa: S102
    names["client"].close()
    names["session"].close()


@pytest.mark.slow
@pytest.mark.no_cover
def test_the_exporter_of_the_readme_is_tested(readme: str) -> None:
    """Its law holds as it stands there, and no longer once the imaginary exporter writes what Blocket refuses."""
    (block,) = [block for block in blocks(readme, "python") if "strategies" in block]
    names: dict[str, Any] = {}
    exec(compile(block, "<README.md>", "exec"), names)  # noqa: S102
    names["test_what_we_export_is_an_ad"]()
    exec(compile(block.replace('car["stock"]', 'len(car["stock"])'), "<README.md>", "exec"), names)  # noqa: S102
    with pytest.raises(AssertionError):
        names["test_what_we_export_is_an_ad"]()


def test_the_outputs_of_the_readme_are_the_commands(readme: str, checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the README shows is what is printed: the guide's warning, the messy ad's faults, their mending, and the result."""
    monkeypatch.chdir(checkout)
    runner = CliRunner()
    messy = "examples/messy-moped.json"
    warning, _, faults, notes, clean, _ = blocks(readme, "text")
    diff, _ = blocks(readme, "diff")
    assert warning in runner.invoke(main, ["validate", "examples/moped.json"]).stdout
    validated = runner.invoke(main, ["validate", messy])
    assert validated.stdout == faults
    assert validated.stderr == "1 ad, 0 clean: 14 errors, 2 warnings. `v4schema normalise` mends 16 of them.\n"
    normalised = runner.invoke(main, ["normalise", "--diff", messy])
    assert normalised.stdout == diff
    assert {*notes.splitlines()} <= {*normalised.stderr.splitlines()}
    ad = runner.invoke(main, ["normalise", messy])
    assert ad.exit_code == 0
    assert runner.invoke(main, ["validate", "--fail-on", "note"], input=ad.stdout).stderr == clean


def test_the_readme_goes_from_v3_to_v4_and_back(readme: str, checkout: Path, in_empty_folder: Path) -> None:
    """Its commands, in their order, in an empty folder: what is asked, what changes, and the ad that comes back."""
    shutil.copytree(checkout / "examples", in_empty_folder / "examples")
    runner = CliRunner()
    *_, told = blocks(readme, "text")
    *_, diff = blocks(readme, "diff")
    shell = [line for block in blocks(readme, "sh") for line in block.replace("\\\n", "").splitlines()]
    questions, there, back = [
        shlex.split(line)[1:] for line in shell if line.startswith("v4schema convert") and "moped.json" in line
    ]
    asked = runner.invoke(main, questions)
    assert {*told.splitlines()} <= {*asked.stdout.splitlines()}
    assert "brand: Yamaha; model: Aerox; model_year: 2020" in (in_empty_folder / "questions.csv").read_text("utf-8-sig")
    written = runner.invoke(main, [*there, "--diff"])
    assert (written.exit_code, written.stdout) == (0, diff)
    given = (in_empty_folder / "examples" / "v3-moped.json").read_text("utf-8")
    assert json.loads(runner.invoke(main, back).stdout) == json.loads(given)


def test_the_settings_of_the_readme_are_settings(readme: str) -> None:
    """Each key of the TOML block is an option."""
    (block,) = blocks(readme, "toml")
    options = {option.removeprefix("--") for param in main.commands["validate"].params for option in param.opts}
    assert tomllib.loads(block)["tool"]["v4schema"].keys() <= options


def test_the_hook_is_the_command(checkout: Path, readme: str) -> None:
    """The hooks that the README names are defined, and run commands that exist."""
    hooks = (checkout / ".pre-commit-hooks.yaml").read_text("utf-8")
    for name, entry in (("validate", "validate"), ("normalise", "normalise --in-place")):
        assert f"id: v4schema-{name}\n" in hooks
        assert f"entry: v4schema {entry}\n" in hooks
        assert f"id: v4schema-{name}\n" in readme
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
