"""The reference pages as they are generated for the site: each item is listed once, and each link has a target."""

import json
import re
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from types import ModuleType
from typing import Any

import click
import pytest
import reference_pages

import v4schema
from v4schema.catalogue import Catalogue
from v4schema.cli import main
from v4schema.dialect.fields import walk
from v4schema.findings.report import Kind
from v4schema.normalisation.steps import STEPS


@pytest.fixture(scope="module")
def pages(catalogue: Catalogue) -> Mapping[str, str]:
    """All pages, by their paths."""
    return reference_pages.pages(catalogue)


def headings(page: str, level: int) -> list[str]:
    """The headings of a level, without the marks of code."""
    return [heading.strip("`") for heading in re.findall(rf"^{'#' * level} (.*)$", page, re.MULTILINE)]


def rows(page: str) -> list[list[str]]:
    """The cells of all rows of all tables."""
    lines = [line for line in page.splitlines() if line.startswith("| ") and not line.startswith("| ---")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


def section(page: str, heading: str) -> str:
    """Return the text below a heading of the second level."""
    return page.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def test_every_finding_code_is_listed_once_with_its_level(pages: Mapping[str, str], catalogue: Catalogue) -> None:
    """Each has its heading, in the order of findings.json."""
    page = pages["findings.md"]
    assert headings(page, 3) == [*catalogue.finding_codes]
    assert re.findall(r"^\*\*(\w+)\.\*\* ", page, re.MULTILINE) == [entry["level"] for entry in catalogue.finding_codes.values()]


def test_every_document_is_listed_once(pages: Mapping[str, str], catalogue: Catalogue) -> None:
    """Each code has an anchor, with the title of the document."""
    assert headings(pages["documents.md"], 2) == [*catalogue.documents]
    assert all(document["title"] in pages["documents.md"] for document in catalogue.documents.values())


def test_every_option_of_every_command_is_listed_once(pages: Mapping[str, str]) -> None:
    """Each command has a section, and a row for each of its options."""
    page = pages["commands.md"]
    assert [heading for heading in headings(page, 2) if heading.startswith("v4schema")] == [
        f"v4schema {name}" for name in main.commands
    ]
    for name, command in main.commands.items():
        listed = Counter(
            option for row in rows(section(page, f"v4schema {name}")) for option in re.findall(r"`(--[a-z-]+)`", row[0])
        )
        options = [param for param in command.params if isinstance(param, click.Option)]
        assert listed == Counter(option for param in options for option in param.opts + param.secondary_opts if option[1] == "-")
        assert all(param.help for param in options)


def test_every_category_is_listed_once(pages: Mapping[str, str], catalogue: Catalogue) -> None:
    """It is in the table of its edition, and has its own page if documents describe it."""
    for edition in catalogue.editions.values():
        listed = [row[0] for row in rows(section(pages[f"{edition.name}/index.md"], "Categories"))][1:]
        assert [re.findall("`(.*)`", cell)[0] for cell in listed] == [*edition.categories]
        linked = {category.slug for category in edition.categories.values() if category.schema}
        assert {path for path in pages if path.startswith(f"{edition.name}/")} == {
            f"{edition.name}/{slug}.md" for slug in {*linked, "index"}
        }


def places(node: Mapping[str, Any], at: str = "") -> Iterator[str]:
    """Return the places of a flat schema, except those that are described only to warn of them."""
    below = {**node.get("properties", {}), **({"*": node["items"]} if "items" in node else {})}
    for name, each in below.items():
        if {"not": {}} not in [{"not": rule.get("not")} for rule in each.get("allOf", ())]:
            yield f"{at}/{name}"
            yield from places(each, f"{at}/{name}")


def test_every_field_is_listed_once_with_its_documents(pages: Mapping[str, str], catalogue: Catalogue) -> None:
    """It is on the page of each category; required fields are those that its schema requires."""
    for edition in catalogue.editions.values():
        for category in edition.categories.values():
            if not category.schema:
                continue
            schema = catalogue.schema(Kind(version=edition.name, category=category.slug))
            head, *table = rows(section(pages[f"{edition.name}/{category.slug}.md"], "Fields"))
            assert head == ["Field", "Type and limits", "Needed", "Description", "Sources"]
            assert [row[0].strip("`") for row in table] == [*places(schema)]
            rules = [rule for rule in [schema, *schema.get("allOf", ())] if {"if", "x-level"}.isdisjoint(rule)]
            top = {f"`/{name}`" for rule in rules for name in rule.get("required", ())}
            assert {row[0] for row in table if row[2] == "required" and row[0].count("/") == 1} == top
            assert all(re.match(r"\[[A-Za-z0-9]+\]\(/reference/documents\.md#", row[4]) for row in table)


def test_every_public_name_of_the_library_is_listed_once(pages: Mapping[str, str]) -> None:
    """Each has a docstring; names that are imported lazily are listed as well."""
    listed = headings(pages["library.md"], 3)
    assert max(Counter(listed).values()) == 1
    public = [name for name in v4schema.__all__ if not isinstance(getattr(v4schema, name), ModuleType)]
    assert {f"v4schema.{name}" for name in public} <= {*listed}
    assert {"v4schema.feed.check", "v4schema.errors.UnknownName", "v4schema.strategies.ads", "v4schema.openapi.document"} <= {
        *listed
    }
    texts = re.split(r"^### .*$", pages["library.md"], flags=re.MULTILINE)[1:]
    assert all(re.search(r"^\w", re.sub(r"```.*?```", "", text, flags=re.DOTALL), re.MULTILINE) for text in texts)


def test_every_step_unit_and_word_is_listed_once(pages: Mapping[str, str], catalogue: Catalogue) -> None:
    """Steps are those of the code; units and words are those of their files."""
    assert [row[0].strip("`") for row in rows(pages["steps.md"])[1:]] == [*STEPS]
    units = [name for kind in catalogue.units["kinds"].values() for name in kind["units"]]
    assert [row[0].strip("`") for row in rows(pages["units.md"]) if row[0] != "Unit"] == units
    words = catalogue.read("words.json")
    expected = [*words["names"], *(word for table in words["values"].values() for word in table)]
    assert [row[0].strip("`") for row in rows(pages["words.md"]) if row[0] not in {"Word", "Name"}] == expected


def test_every_keyword_is_listed_once_and_ours_are_described(pages: Mapping[str, str], catalogue: Catalogue) -> None:
    """All keywords of the schemas are among them."""
    listed = {row[0].strip("`"): row[2] for row in rows(pages["keywords.md"])[1:]}
    assert len(listed) == len(rows(pages["keywords.md"])) - 1
    assert all(text for keyword, text in listed.items() if keyword.startswith("x-"))
    used: set[str] = set()
    for edition in catalogue.editions.values():
        for slug in edition.categories:
            flat = catalogue.schema(Kind(version=edition.name, category=slug))
            used |= {keyword for _, node in walk(flat) for each in [node, *node.get("allOf", ())] for keyword in each}
    assert used - {"title", "additionalProperties"} <= {*listed}


def test_every_link_has_a_heading_as_target(pages: Mapping[str, str]) -> None:
    """It is an anchor of one of these pages that occurs once."""
    anchors = {
        path: Counter(map(reference_pages.slug, re.findall(r"^#+ (.*)$", text, re.MULTILINE))) for path, text in pages.items()
    }
    links = [(path, link) for path, text in pages.items() for link in re.findall(r"(?<!\\)\]\(([^)]*)\)", text)]
    assert len(links) > 1_000
    for path, link in links:
        target, _, anchor = link.partition("#")
        page = target.removeprefix("/reference/") if target.startswith("/") else str(PurePosixPath(path).parent / target)
        assert page in pages, (path, link)
        assert not anchor or anchors[page][anchor] == 1, (path, link)


def test_the_index_links_to_every_page(pages: Mapping[str, str]) -> None:
    """It does so directly, or by the page of an edition."""
    listed = {
        str(PurePosixPath(path).parent / name) + ".md"
        for path, text in pages.items()
        for block in re.findall(r"```\{toctree\}\n(.*?)```", text, re.DOTALL)
        for name in re.findall(r"^[a-z0-9][a-z0-9/-]*$", block, re.MULTILINE)
    }
    assert listed == {*pages} - {"index.md"}


def test_text_of_the_schemas_is_shown_as_it_is() -> None:
    """Markdown finds no markup in it, and it stays in its cell of a table."""
    assert reference_pages.slug("### What & `why`?".lstrip("# ")) == "what--why"
    table = "\n".join(reference_pages.table(("A", "B"), [("`a|b`", reference_pages.escaped("<x> *y* `*` [z] a_b|c"))]))
    assert table.splitlines()[2] == r"| `a\|b` | \<x\> \*y\* `*` \[z\] a\_b\|c |"


def test_new_items_of_the_schemas_are_listed(schemas: Path, tmp_path: Path) -> None:
    """A code, a document and a category need no other list."""
    schemas = shutil.copytree(schemas, tmp_path / "schemas", copy_function=shutil.copyfile)
    findings = json.loads((schemas / "findings.json").read_text("utf-8"))
    findings["findings"]["price.odd"] = {
        "level": "note",
        "message": "Odd.",
        "meaning": "An odd price.",
        "explanation": "It is odd.",
    }
    (schemas / "findings.json").write_text(json.dumps(findings), "utf-8")
    catalogue = json.loads((schemas / "catalogue.json").read_text("utf-8"))
    catalogue["documents"]["Z1"] = {"title": "A new document"}
    (edition,) = [each for each in catalogue["editions"] if each["name"] == catalogue["default"]]
    edition["categories"].append({**edition["categories"][0], "slug": "hovercraft", "id": 9999})
    (schemas / "catalogue.json").write_text(json.dumps(catalogue), "utf-8")
    pages = reference_pages.pages(Catalogue(schemas))
    assert "price.odd" in headings(pages["findings.md"], 3)
    assert "Z1" in headings(pages["documents.md"], 2)
    assert f"{edition['name']}/hovercraft.md" in pages


def test_pages_of_an_earlier_build_are_removed(tmp_path: Path) -> None:
    """The folder contains the current pages and nothing else."""
    (tmp_path / "reference").mkdir()
    (tmp_path / "reference" / "old.md").write_text("Old", "utf-8")
    reference_pages.write(tmp_path / "reference")
    written = {path.relative_to(tmp_path / "reference").as_posix() for path in tmp_path.rglob("*.md")}
    assert written == {*reference_pages.pages(Catalogue())}
