"""Write the reference pages of the documentation from schemas, findings, commands and docstrings, so that none is kept by hand.

`docs/conf.py` calls `write` at the beginning of each build; the pages are in `docs/reference/`, which is never committed.
A new edition, category, finding code, option or public name needs no change to this file.
"""

import inspect
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import EnumType
from functools import cached_property
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import click

from v4schema.catalogue import Catalogue
from v4schema.catalogue.editions import Category, Edition
from v4schema.cli import main, settings
from v4schema.findings.report import Kind
from v4schema.output import listing

#: The public modules of the library, the package itself first.
MODULES = (
    "v4schema",
    "v4schema.feed",
    "v4schema.openapi",
    "v4schema.openapi.requests",
    "v4schema.openapi.httpx",
    "v4schema.openapi.wsgi",
    "v4schema.strategies",
    "v4schema.catalogue",
    "v4schema.errors",
)
_DOCUMENTED = {
    "full": "all its fields",
    "partial": "some of its fields",
    "common": "only the fields that all categories share",
    "named": "nothing but its name",
}
#: The definitions of the meta-schema that are schemas themselves, each with what it is called.
_SCHEMAS = {"field": "field", "rule": "rule", "bare": "condition"}
#: A piece of code in a text, between backticks.
_CODE = re.compile("(`+[^`]+`+)")
#: Characters with a meaning in Markdown.
_MARKUP = re.compile(r"([\\<>*_\[\]{}|$])")
#: How Python shows a class or a member of an enumeration that is a default, and a name that is not known yet.
_REPR = re.compile(r"<(?:class )?'?([\w.]+)[^>]*>|(?<=: )'([^']*)'|(?<=-> )'([^']*)'")
#: Where a name comes from, in the signature of something.
_PATH = re.compile(r"\b(?:\w+[.])+(?=[A-Z])")
#: No signature is longer than this on one line.
_WIDEST = 90
#: Characters that would end a cell of a table.
_BAR = re.compile(r"(?<!\\)[|]")


def pages(catalogue: Catalogue) -> dict[str, str]:
    """Return the text of every reference page by its path below ``docs/reference/``."""
    editions = {
        path: text for edition in catalogue.editions.values() for path, text in _edition(catalogue, edition, f"{edition.name}/")
    }
    rest = {
        "commands.md": _joined(_commands(main)),
        "findings.md": _joined(_findings(catalogue)),
        "documents.md": _joined(_documents(catalogue)),
        "keywords.md": _joined(_keywords(catalogue)),
        "steps.md": _joined(_steps(catalogue)),
        "words.md": _joined(_words(catalogue)),
        "units.md": _joined(_units(catalogue)),
        "library.md": _joined(_library(map(import_module, MODULES))),
    }
    names = [*(path for path in editions if path.endswith("index.md")), *rest]
    return {"index.md": _joined(_index(names)), **editions, **rest}


def write(folder: Path) -> None:
    """Write the pages into a folder, and remove everything else from it."""
    shutil.rmtree(folder, ignore_errors=True)
    for path, text in pages(Catalogue()).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, "utf-8")


def slug(heading: str) -> str:
    """Return the anchor of a heading, as GitHub and MyST make it.

    >>> slug("`schema.required`"), slug("What it knows")
    ('schemarequired', 'what-it-knows')
    """
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def _joined(lines: Iterable[str]) -> str:
    return "\n".join(lines) + "\n"


def _index(names: Sequence[str]) -> Iterator[str]:
    yield "# Reference"
    yield "\nThese pages are written from the schemas, the finding codes, the commands and the docstrings when the site is built."
    yield "\n```{toctree}\n:maxdepth: 1\n"
    yield from (name.removesuffix(".md") for name in names)
    yield "```"


def _edition(catalogue: Catalogue, edition: Edition, below: str) -> Iterator[tuple[str, str]]:
    """Yield the page of an edition and those of its categories, each with its path."""
    described = [category for category in edition.categories.values() if category.schema]
    yield f"{below}index.md", _joined(_overview(catalogue, edition, described))
    for category in described:
        yield f"{below}{category.slug}.md", _joined(_category(catalogue, edition, category))


def _overview(catalogue: Catalogue, edition: Edition, described: Sequence[Category]) -> Iterator[str]:
    yield f"# Edition {edition.name}: {escaped(edition.title)}"
    yield f"\nSources: {_sources(edition.source)}"
    yield "\n## Operations\n"
    rows = [
        (f"`{name}`", escaped(operation.description), _sources(operation.source))
        for name, operation in edition.operations.items()
    ]
    yield from table(("Operation", "What it does", "Sources"), rows)
    yield "\n## Categories\n\nThe last but one column says what public documents describe.\n"
    yield from table(
        ("Category", "Number", "Names", "Documents describe", "Sources"),
        [
            (
                f"[`{each.slug}`]({each.slug}.md)" if each.schema else f"`{each.slug}`",
                str(each.id),
                escaped(", ".join(dict.fromkeys(each.names.values()))),
                _DOCUMENTED[each.documented],
                _sources(each.source),
            )
            for each in edition.categories.values()
        ],
    )
    yield "\n## Fields that all categories share\n"
    yield from _fields(catalogue, Kind(version=edition.name))
    yield "\n```{toctree}\n:hidden:\n"
    yield from (category.slug for category in described)
    yield "```"


def _category(catalogue: Catalogue, edition: Edition, category: Category) -> Iterator[str]:
    kind = Kind(version=edition.name, category=category.slug)
    yield f"# {kind}"
    names = escaped(", ".join(dict.fromkeys(category.names.values())))
    yield f"\n{names}, category {category.id}. Public documents describe {_DOCUMENTED[category.documented]}."
    yield f"\nSources: {_sources(category.source)}"
    yield f"\n`v4schema show {kind} --example` prints a valid ad."
    yield "\n## Fields\n"
    yield from _fields(catalogue, kind)


def _fields(catalogue: Catalogue, kind: Kind) -> Iterator[str]:
    """Lay out the fields that may be sent when an ad is created."""
    yield from table(
        ("Field", "Type and limits", "Needed", "Description", "Sources"),
        [
            (f"`{place}`", escaped("; ".join(types)), need, escaped(node["description"]), _sources(node["x-source"]))
            for place, types, need, node in listing.field_rows(catalogue.schema(kind))
        ],
    )


def _findings(catalogue: Catalogue) -> Iterator[str]:
    yield "# Finding codes"
    yield "\n`v4schema explain CODE` prints the same. A part in braces, such as `{value}`, is filled in for each finding."
    group = ""
    for code, entry in catalogue.finding_codes.items():
        if code.partition(".")[0] != group:
            group = code.partition(".")[0]
            yield f"\n## {group}"
        yield f"\n### `{code}`"
        yield f"\n**{entry['level']}.** {escaped(entry['meaning'])}"
        yield f"\n{escaped(entry['explanation'])}\n"
        for name, title in (("message", "Message"), ("hint", "Hint")):
            sentences = entry.get(name, {})
            for sentence in dict.fromkeys([sentences] if isinstance(sentences, str) else sentences.values()):
                yield f"- {title}: {escaped(sentence)}"
        yield from (f"- {name.capitalize()}: {_code(value)}" for name, value in entry.get("example", {}).items())


def _documents(catalogue: Catalogue) -> Iterator[str]:
    yield "# Documents"
    yield "\nEach rule names the documents it rests on, by these codes; a finding repeats them in square brackets."
    for code, document in catalogue.documents.items():
        yield f"\n## {code}"
        yield f"\n{escaped(document['title'])}{escaped(', ' + document['published']) if 'published' in document else ''}."


def _keywords(catalogue: Catalogue) -> Iterator[str]:
    yield "# Keywords"
    yield "\nWhat a schema of ads may say: keywords of JSON Schema 2020-12, and our own, which begin with `x-`."
    yield "A rule is a member of a field's `allOf`; a condition is a schema under `if`, `then` or `not`.\n"
    dialect = catalogue.read("meta/dialect.json")["$defs"]
    described: dict[str, str] = {}
    allowed: dict[str, list[str]] = {}
    for name, place in _SCHEMAS.items():
        for keyword, schema in dialect[name]["properties"].items():
            described.setdefault(keyword, _described(catalogue, schema))
            allowed.setdefault(keyword, []).append(place)
    rows = [(f"`{keyword}`", ", ".join(allowed[keyword]), escaped(text)) for keyword, text in described.items()]
    yield from table(("Keyword", "Where", "What it says"), rows)


def _described(catalogue: Catalogue, schema: object) -> str:
    """Return the description of a keyword in a meta-schema, direct or by a reference; "" if it contains schemas."""
    entry: Mapping[str, Any] = schema if isinstance(schema, Mapping) else {}
    if "$ref" in entry and "description" not in entry:
        if entry["$ref"].rpartition("/")[2] in _SCHEMAS:
            return ""
        entry, _ = catalogue.resolved(entry["$ref"], "meta/dialect.json")
    return str(entry.get("description", ""))


def _steps(catalogue: Catalogue) -> Iterator[str]:
    yield "# Steps"
    yield "\nSchemas name steps under `x-normalise`, mappings under `steps`. Each field goes through its steps in order.\n"
    steps = catalogue.read("meta/dialect.json")["$defs"]["steps"]["items"]["properties"]
    rows = []
    for name, schema in steps.items():
        members = {key: below.get("description", "") for key, below in schema.get("properties", {}).items()}
        argument = ", ".join(f"`{key}`{': ' + escaped(text) if text else ''}" for key, text in members.items())
        choices = " or ".join(f"`{choice}`" for choice in schema.get("enum", ()))
        rows.append((f"`{name}`", escaped(schema["description"]), argument or choices or schema.get("type", "")))
    yield from table(("Step", "What it does", "Argument"), rows)


def _words(catalogue: Catalogue) -> Iterator[str]:
    words = catalogue.read("words.json")
    yield "# Words"
    yield "\nCase and word breaks do not matter."
    yield "\n## Names of fields\n"
    rows = []
    for name, right in words["names"].items():
        target = right if isinstance(right, Mapping) else {"at": right}
        rows.append((f"`{name}`", f"`{target['at']}`", target.get("unit", "")))
    yield from table(("Name", "Field", "Unit"), rows)
    for name, entries in words["values"].items():
        yield f"\n## {name}\n"
        meanings = {word: meant if isinstance(meant, list) else [meant] for word, meant in entries.items()}
        yield from table(
            ("Word", "Value"), [(_code(word), " or ".join(_code(value) for value in meant)) for word, meant in meanings.items()]
        )


def _units(catalogue: Catalogue) -> Iterator[str]:
    yield "# Units"
    yield "\nFactors are exact. A bare number is converted only if you say what it is in."
    for kind, entry in catalogue.units["kinds"].items():
        yield f"\n## {kind}\n"
        rows = [
            (_code(name), f"{unit['factor']} {entry['base']}", ", ".join(map(_code, unit["spellings"])))
            for name, unit in entry["units"].items()
        ]
        yield from table(("Unit", "Equals", "Spellings"), rows)


def _commands(group: click.Group) -> Iterator[str]:
    yield "# Commands and options"
    yield f"\n{_help(group.help or '')}"
    yield "\n## Options that every command has"
    yield "\n`--help`, `-h`: show the help text and exit."
    for name, command in group.commands.items():
        with click.Context(command, info_name=f"{group.callback.__module__.partition('.')[0]} {name}") as context:
            usage = " ".join(command.collect_usage_pieces(context))
            yield f"\n## {context.info_name}"
            yield f"\n```text\n{context.info_name} {usage}\n```"
        yield f"\n{_help(command.help or '')}\n"
        rows = [_option(param) for param in command.params if isinstance(param, click.Option)]
        yield from table(("Option", "What it does", "Default", "Setting"), rows)


def _option(param: click.Option) -> tuple[str, str, str, str]:
    """Lay out an option: its names, its help, its default, and its name in settings."""
    names = ", ".join(f"`{name}`" for name in sorted((*param.opts, *param.secondary_opts), key=len, reverse=True))
    if isinstance(param.type, click.Choice):
        value = " ".join(["", *(f"`{choice}`" for choice in param.type.choices)])
    else:
        value = "" if param.is_flag else f" {param.metavar or param.type.name.upper()}"
    default = f"`{param.default}`" if param.show_default and isinstance(param.default, str) else ""
    setting = f"`{settings.setting_name(param.opts)}`, `{param.envvar}`" if param.envvar else ""
    return names + escaped(value), escaped(param.help or ""), default, setting


def _help(text: str) -> str:
    """Write the help of a command as Markdown: a paragraph that click does not wrap becomes a block of code."""
    paragraphs = []
    for paragraph in inspect.cleandoc(text).split("\n\n"):
        kept = paragraph.startswith("\b")
        title, *lines = paragraph.removeprefix("\b\n").splitlines()
        paragraphs.append(
            "\n".join([title, "", "```text", *map(_dedented, lines), "```"]) if kept else escaped(" ".join([title, *lines]))
        )
    return "\n\n".join(paragraphs)


def _dedented(line: str) -> str:
    return line.removeprefix("  ")


def public(module: ModuleType) -> Sequence[str]:
    """Return the public names of a module, except those of modules."""
    defined = [name for name, value in vars(module).items() if getattr(value, "__module__", "") == module.__name__]
    names = getattr(module, "__all__", [name for name in defined if not name.startswith("_")])
    return [name for name in names if not isinstance(getattr(module, name), ModuleType)]


def _library(modules: Iterable[ModuleType]) -> Iterator[str]:
    yield "# The library"
    for module in modules:
        yield f"\n## {module.__name__}"
        yield f"\n{_docstring(module)}"
        for name in public(module):
            yield from _member(f"{module.__name__}.{name}", getattr(module, name))


def _member(name: str, value: object) -> Iterator[str]:
    """Lay out a public name: its arguments, its docstring, and, for a class, its members."""
    yield f"\n### {name}"
    if isinstance(value, EnumType):
        members: Mapping[str, object] = value.__members__
        yield f"\nOne of {', '.join(map(_code, members.values()))}."
    elif callable(value) and (signature := _signature(value)):
        yield f"\n```python\n{name.rpartition('.')[2]}{signature}\n```"
    yield f"\n{_docstring(value)}"
    if isinstance(value, type):
        for attribute, member in vars(value).items():
            function = getattr(member, "__func__", member)  # of a class method, what it calls
            shown = inspect.isroutine(function) or isinstance(function, property | cached_property)
            if attribute.startswith("_") or not shown or not inspect.getdoc(function):
                continue
            called = _signature(function) if inspect.isroutine(function) else ""
            yield f"\n`{attribute}{called}`\n: {_indented(_docstring(function))}"


def _signature(value: Any) -> str:  # noqa: ANN401  (whatever can be called)
    """Return the signature of an object, with an argument per line if one line is too long; "" if it has none."""
    try:
        signature = inspect.signature(value)
    except (TypeError, ValueError):
        return ""
    arguments: list[str] = []
    for name, each in signature.parameters.items():
        if each.kind is each.KEYWORD_ONLY and not any(argument.startswith("*") for argument in arguments):
            arguments.append("*")
        if name not in {"self", "cls"}:
            arguments.append(str(each))
    line = ", ".join(arguments)
    if len(line) > _WIDEST:
        line = "".join(f"\n    {argument}," for argument in arguments) + "\n"
    returned = (
        ""
        if signature.return_annotation in {signature.empty, None}
        else f" -> {inspect.formatannotation(signature.return_annotation)}"
    )
    return _PATH.sub("", _REPR.sub(r"\1\2\3", f"({line}){returned}"))


def _docstring(value: object) -> str:
    """Write a docstring as Markdown: code between two backticks or one, and examples as blocks of code."""
    written = []
    for paragraph in (inspect.getdoc(value) or "").split("\n\n"):
        if paragraph.startswith(">>>"):
            written.append(f"```pycon\n{paragraph}\n```")
        else:
            written.append(escaped(paragraph.replace("``", "`")))
    return "\n\n".join(written)


def _indented(text: str) -> str:
    return text.replace("\n", "\n  ")


def _sources(codes: Iterable[str]) -> str:
    """Link the codes of documents to the page that lists them."""
    return ", ".join(f"[{code}](/reference/documents.md#{slug(code)})" for code in codes)


def _code(value: object) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return f"`` {text} ``" if "`" in text else f"`{text}`"


def escaped(text: str) -> str:
    """Escape a text for Markdown, except for code between backticks."""
    return "".join(part if part.startswith("`") else _MARKUP.sub(r"\\\1", part) for part in _CODE.split(text))


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Lay out a table without its empty columns."""
    filled = [*rows]
    kept = [number for number, _ in enumerate(head) if any(row[number] for row in filled)]
    for row in [head, ["---"] * len(head), *filled]:
        cells = (_BAR.sub(r"\|", row[number]).replace("\n", " ") for number in kept)
        yield f"| {' | '.join(cells)} |"
