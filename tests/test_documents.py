"""The documents say what the code does."""

import contextlib
import io
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
import reference_pages
from click.testing import CliRunner
from commands import plain, terminal
from console_blocks import agrees, documents, played

from v4schema import errors
from v4schema.catalogue import Catalogue
from v4schema.cli import main
from v4schema.findings.report import InvalidAd
from v4schema.output.formats import FORMATS

PAGES = {path.name: path for path in documents()}
#: Documents with links, but without commands to play.
LINKED = {**PAGES, **{name: path.parent / name for name in ("CONTRIBUTING.md", "CHANGELOG.md") for path in [PAGES["README.md"]]}}


def read(name: str) -> str:
    """The text of the README or of a page."""
    return LINKED[name].read_text("utf-8")


def blocks(name: str, language: str) -> Iterator[str]:
    """The fenced blocks of a language in a page."""
    yield from re.findall(rf"^```{language}\n(.*?)^```$", read(name), re.DOTALL | re.MULTILINE)


def having(language: str) -> list[str]:
    """Return the pages with a block of a language."""
    return [name for name in PAGES if any(blocks(name, language))]


@pytest.mark.slow
@pytest.mark.no_cover
@pytest.mark.parametrize("name", having("console"))
def test_a_page_shows_what_its_commands_print(name: str) -> None:
    """An ellipsis stands for any lines. If a new wording is better: python scripts/console_blocks.py."""
    assert played(read(name)) == read(name)


def test_all_pages_about_usage_have_commands_that_are_run() -> None:
    """Other blocks of text show only what a terminal shows."""
    assert {"README.md", "getting-started.md", "validate.md", "normalise.md", "convert.md", "sources.md"} <= {*having("console")}
    assert having("text") == ["getting-started.md"]


@pytest.mark.parametrize(
    ("shown", "printed", "same"),
    [
        ("a\n", "a\n", True),
        ("a\n", "b\n", False),
        ("a\n", "a\nb\n", False),
        ("…\nb\n", "b\n", True),
        ("…\nb\n…\n", "a\nb\nc\nd\n", True),
        ("…\nc\n…\nb\n", "a\nb\nc\n", False),
        ("", "a\n", False),
    ],
)
def test_an_ellipsis_stands_for_whole_lines(shown: str, printed: str, same: bool) -> None:
    """The other lines must occur in the output, in their order."""
    assert agrees(shown, printed) == same


def test_a_changed_message_is_updated_and_the_block_stays_short() -> None:
    """Next to an ellipsis, the line that is most similar to the old one is kept."""
    page = "```console\n$ printf 'one\\nThis is a new wording.\\nlast\\n'\n…\nThis was an old wording.\n…\n```\n"
    assert played(page) == page.replace("This was an old wording.", "This is a new wording.")


def documented_output(block: str) -> list[str]:
    """Return the output that a block of Python documents, in comments behind its prints or on the lines below them."""
    lines = re.findall(r"^ *print\(.*\)(?:  # (.*)|((?:\n# .*)*))$", block, re.MULTILINE)
    return [line for one, several in lines for line in ([one] if one else several.replace("\n# ", "\n").splitlines()[1:])]


def ran(name: str) -> tuple[list[str], dict[str, Any]]:
    """Run the Python blocks of a page, and return what they print and the names that they define."""
    names: dict[str, Any] = {}
    printed = io.StringIO()
    for block in blocks(name, "python"):
        raises = re.search(r"  # raises (\w+)$", block.strip())
        with contextlib.redirect_stdout(printed), pytest.raises(InvalidAd) if raises else contextlib.nullcontext():
            exec(compile(block, f"<{name}>", "exec"), names)  # noqa: S102  (the page's own lines)
    return printed.getvalue().splitlines(), names


@pytest.mark.parametrize("name", having("python"))
def test_the_python_of_a_page_prints_its_documented_output(name: str, checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The blocks of a page run one after the other."""
    monkeypatch.chdir(checkout)
    printed, names = ran(name)
    assert agrees(
        "".join(f"{line}\n" for block in blocks(name, "python") for line in documented_output(block)), "\n".join([*printed, ""])
    )
    for each in ("client", "session"):
        if each in names:
            names[each].close()


def test_pages_with_python_document_its_output() -> None:
    """The readme, the library and HTTP print something."""
    counts = {name: sum(len(documented_output(block)) for block in blocks(name, "python")) for name in having("python")}
    assert counts["README.md"] >= 3
    assert counts["library.md"] >= 10
    assert counts["http.md"] >= 2


@pytest.mark.slow
@pytest.mark.no_cover
def test_the_property_test_of_the_page_finds_a_wrong_exporter() -> None:
    """It passes as it is on the page, and fails once the imaginary exporter writes what Blocket refuses."""
    (block,) = blocks("property-tests.md", "python")
    names: dict[str, Any] = {}
    exec(compile(block, "<property-tests.md>", "exec"), names)  # noqa: S102  (the page's own lines)
    names["test_what_we_export_is_an_ad"]()
    exec(compile(block.replace('car["stock"]', 'len(car["stock"])'), "<property-tests.md>", "exec"), names)  # noqa: S102
    with pytest.raises(AssertionError):
        names["test_what_we_export_is_an_ad"]()


@pytest.mark.no_cover
def test_a_terminal_shows_what_the_page_shows(checkout: Path) -> None:
    """The page shows a finding with its line."""
    (block,) = blocks("getting-started.md", "text")
    assert block in plain(terminal("validate", "examples/messy-moped.json", cwd=checkout))


def test_the_ad_of_the_page_is_converted_back(checkout: Path, in_empty_folder: Path) -> None:
    """After all commands of the page about converting, the ad is the original one."""
    shutil.copytree(checkout / "examples", in_empty_folder / "examples", copy_function=shutil.copyfile)
    commands = [shlex.split(line)[1:] for block in blocks("convert.md", "console") for line in typed(block)]
    for words in commands:
        if words[0] == "convert":
            CliRunner().invoke(main, words, catch_exceptions=False)
    given, back = (json.loads((in_empty_folder / name).read_text("utf-8")) for name in ("examples/v3-moped.json", "back.json"))
    assert given == back


def typed(block: str) -> list[str]:
    """Return the commands of a block of shell, or those after the prompts of a console."""
    lines = block.replace("\\\n", "").splitlines()
    return [line.removeprefix("$ ") for line in lines if line.startswith("$ ") or not block.startswith("$ ")]


def test_the_commands_of_the_documents_can_be_parsed() -> None:
    """Each `v4schema …` line names a command and options that exist."""
    shell = [
        line for name in LINKED for language in ("sh", "console") for block in blocks(name, language) for line in typed(block)
    ]
    lines = [line.partition(" > ")[0] for line in shell if line.startswith("v4schema ")]
    assert len(lines) >= 30
    for line in lines:
        words = shlex.split(line, comments=True)[1:]
        command = main.commands[words[0]]
        known = {option for param in command.params for option in param.opts}
        assert {word for word in words if word.startswith("-")} <= known, line


def test_every_command_and_format_is_in_the_pages() -> None:
    """Every command and format is described, and the reference has every option."""
    assert {f"`v4schema {name}`" for name in main.commands} <= {*re.findall(r"`v4schema [a-z]+`", read("cli.md"))}
    assert {f"| `{name}` |" for name in FORMATS} <= {*re.findall(r"\| `[a-z]+` \|", read("validate.md"))}


def test_every_option_of_convert_is_on_its_page() -> None:
    """The table has those that `normalise` lacks; the others are named where they are explained."""
    shared = {option for param in main.commands["normalise"].params for option in param.opts}
    options = {max(param.opts, key=len) for param in main.commands["convert"].params if isinstance(param, click.Option)} - shared
    listed = {*re.findall(r"^\| `(--[a-z]+)", read("convert.md"), re.MULTILINE)}
    assert options <= listed


def test_the_settings_of_the_page_are_settings() -> None:
    """Each key of the TOML block is an option."""
    (block,) = blocks("cli.md", "toml")
    options = {option.removeprefix("--") for param in main.commands["validate"].params for option in param.opts}
    assert tomllib.loads(block)["tool"]["v4schema"].keys() <= options


@pytest.mark.parametrize("name", ["README.md", "pre-commit.md"])
def test_the_hooks_run_existing_commands(name: str, checkout: Path) -> None:
    """The hooks that a page names are defined and run commands and options that exist; there is no release to name yet."""
    hooks = (checkout / ".pre-commit-hooks.yaml").read_text("utf-8")
    defined = re.findall(r"^- id: (\S+)$", hooks, re.MULTILINE)
    first, *_ = blocks(name, "yaml")
    assert re.findall(r"- id: (\S+)", first) == defined == ["v4schema-normalise", "v4schema-validate"]
    assert re.search(r"rev: [0-9a-f]{40} ", first)
    for entry in re.findall(r"entry: v4schema (.*)", hooks):
        command, *options = entry.split()
        assert {*options} <= {option for param in main.commands[command].params for option in param.opts}


def test_a_hook_selects_files_by_their_endings(checkout: Path) -> None:
    """It also does so if a user replaces its `files`: pre-commit takes what `files` finds and `exclude` does not."""
    hooks = (checkout / ".pre-commit-hooks.yaml").read_text("utf-8")
    assert not re.search(r"^  files:", hooks, re.MULTILINE)
    patterns = re.findall(r"^  exclude: (.*)$", hooks, re.MULTILINE)
    assert len(patterns) == 2
    names = ["ads/1.json", "f.ndjson.gz", "f.jsonl", "a.py", "ads/README.md", "a.tar.gz", "json", "x.json.bak"]
    for pattern in patterns:
        assert [name for name in names if not re.search(pattern, name)] == ["ads/1.json", "f.ndjson.gz", "f.jsonl"]


@pytest.fixture(scope="module")
def generated(catalogue: Catalogue) -> dict[str, str]:
    """The pages that are generated for the site, by their paths in the repository."""
    return {f"docs/reference/{path}": text for path, text in reference_pages.pages(catalogue).items()}


@pytest.mark.parametrize("name", sorted(LINKED))
def test_every_link_has_a_target(name: str, checkout: Path, generated: dict[str, str]) -> None:
    """It is a file of this repository or a reference page, and a heading in it."""
    here = LINKED[name].relative_to(checkout)
    for link in re.findall(r"\]\((?!https?:)([^)]*)\)", read(name)):
        target, _, anchor = link.partition("#")
        path = (checkout / here.parent / target).resolve() if target else checkout / here
        found = generated.get(path.relative_to(checkout).as_posix())
        assert found or path.is_file(), link
        if anchor:
            text = found or path.read_text("utf-8")
            assert anchor in map(reference_pages.slug, re.findall(r"^#+ (.*)$", text, re.MULTILINE)), link


def test_every_page_is_on_the_site() -> None:
    """The index leads to each page."""
    listed = re.findall(r"^[a-z/-]+$", "".join(blocks("index.md", "{toctree}")), re.MULTILINE)
    assert sorted(listed) == sorted({*(path.stem for path in PAGES.values()), "reference/index"} - {"index", "README"})


def test_the_readme_is_short() -> None:
    """It says what the project is and how to begin; the rest is in docs/."""
    assert len(read("README.md").splitlines()) <= 130


def test_errors_and_documents_name_the_same_command_to_install() -> None:
    """It installs from a clone or an address, since no index has the package."""
    page = read("installing.md")
    for extra in ("openapi", "hypothesis"):
        command = f"pip install '.[{extra}]'"
        assert command in str(errors.MissingExtra(extra))
        assert f"`{command}`" in page


def test_the_changelog_has_a_section_for_unreleased_changes() -> None:
    """It follows Keep a Changelog: an Unreleased section, and versions in order."""
    assert "## [Unreleased]" in read("CHANGELOG.md")
