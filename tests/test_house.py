"""The house stands as it was drawn: who may import whom, what no Python file may spell, what a start may cost."""

import ast
import graphlib
import json
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_socket import SocketConnectBlockedError

import v4schema
from v4schema.catalogue import Catalogue
from v4schema.dialect.fields import walk

ROOM = Path(v4schema.__file__).parent

#: Each module with what it may import: the ones before it in the flow of an ad, and no others.
FLOOR_PLAN = {
    "pointer": set(),
    "spelling": set(),
    "patterns": set(),
    "plausibility": set(),
    "line_diff": set(),
    "staging": set(),
    "quantities": {"spelling"},
    "settings": {"errors"},
    "errors": {"spelling"},
    "report": {"errors", "pointer"},
    "schema": {"pointer"},
    "editions": {"pointer", "spelling"},
    "engine": {"errors", "patterns", "pointer", "schema"},
    "assertions": {"faults", "pointer", "report", "schema"},
    "extra": {"errors"},
    "positions": {"pointer"},
    "rewriting": {"pointer", "positions"},
    "moving": {"pointer"},
    "receipts": {"moving", "pointer"},
    "shelf": {"temporary"},
    "temporary": {"errors"},
    "stages": {"catalogue", "moving", "pointer", "privacy", "report"},
    "step": {"pointer", "quantities", "schema"},
    "measuring": {"moving", "quantities", "schema", "spelling", "step"},
    "steps": {"measuring", "patterns", "quantities", "schema", "spelling", "step"},
    "mapping": {"editions", "engine", "pointer", "report", "schema", "steps"},
    "catalogue": {"editions", "errors", "mapping", "plausibility", "pointer", "quantities", "report", "schema", "spelling"},
    "layers": {"catalogue", "errors", "plausibility", "pointer", "positions", "report", "schema"},
    "wording": {"catalogue", "errors", "quantities", "report"},
    "privacy": {"catalogue", "pointer", "schema", "spelling", "wording"},
    "ad": {"catalogue", "pointer", "report", "spelling", "wording"},
    "syntax": {"catalogue", "pointer", "positions", "privacy", "report", "wording"},
    "reading": {"ad", "catalogue", "pointer", "privacy", "report", "syntax", "wording"},
    "dialect": {"catalogue", "editions", "errors", "mapping", "openapi.description", "patterns", "pointer", "report", "schema"},
    "naming": {"catalogue", "moving", "pointer", "privacy", "report", "schema", "spelling", "wording"},
    "faults": {"catalogue", "engine", "naming", "pointer", "privacy", "report", "schema", "spelling", "wording"},
    "validator": {"ad", "catalogue", "engine", "faults", "pointer", "privacy", "report", "schema", "wording"},
    "mending": {
        "ad",
        "catalogue",
        "engine",
        "moving",
        "pointer",
        "privacy",
        "quantities",
        "report",
        "schema",
        "step",
        "steps",
        "wording",
    },
    "renaming": {"mending", "moving", "naming", "pointer", "quantities", "report", "schema"},
    "normaliser": {"ad", "catalogue", "mending", "moving", "naming", "pointer", "quantities", "renaming", "report", "schema"},
    "converter": {"catalogue", "mapping", "mending", "moving", "pointer", "quantities", "schema"},
    "asking": {
        "ad",
        "catalogue",
        "engine",
        "mapping",
        "mending",
        "moving",
        "patterns",
        "pointer",
        "privacy",
        "quantities",
        "schema",
        "spelling",
        "wording",
    },
    "conversion": {"asking", "catalogue", "pointer", "receipts", "report"},
    "course": {
        "asking",
        "catalogue",
        "converter",
        "engine",
        "mapping",
        "mending",
        "moving",
        "normaliser",
        "pointer",
        "privacy",
        "report",
        "schema",
        "stages",
        "validator",
        "wording",
    },
    "restoring": {"ad", "catalogue", "conversion", "engine", "pointer", "privacy", "receipts", "report", "validator", "wording"},
    "migration": {
        "ad",
        "asking",
        "catalogue",
        "conversion",
        "converter",
        "course",
        "editions",
        "engine",
        "normaliser",
        "pointer",
        "reading",
        "receipts",
        "report",
        "restoring",
        "schema",
        "validator",
        "wording",
    },
    "preparation": {"catalogue", "normaliser", "pointer", "privacy", "reading", "report", "stages", "validator", "wording"},
    "drawer": {"catalogue", "pointer", "reading", "receipts", "report", "shelf", "wording"},
    "sheets": {
        "asking",
        "catalogue",
        "conversion",
        "pointer",
        "privacy",
        "reading",
        "report",
        "schema",
        "shelf",
        "spelling",
        "temporary",
        "wording",
    },
    "feed": {
        "catalogue",
        "conversion",
        "drawer",
        "engine",
        "migration",
        "pointer",
        "positions",
        "preparation",
        "privacy",
        "reading",
        "report",
        "restoring",
        "rewriting",
        "sheets",
        "validator",
        "wording",
    },
    "openapi.description": {"catalogue", "editions", "errors", "pointer", "report", "schema"},
    "openapi.refusal": {"catalogue", "pointer", "privacy", "report", "wording"},
    "openapi.judging": {"catalogue", "openapi.description", "pointer", "report", "validator"},
    "openapi.routing": {"catalogue", "engine", "openapi.description", "pointer", "report", "wording"},
    "openapi.boundary": {
        "ad",
        "catalogue",
        "openapi.judging",
        "openapi.refusal",
        "openapi.routing",
        "pointer",
        "privacy",
        "reading",
        "report",
        "wording",
    },
    "openapi.guard": {"catalogue", "engine", "extra", "openapi.routing", "pointer", "report", "schema"},
    "openapi.requests": {"openapi.guard"},
    "openapi.httpx": {"openapi.guard"},
    "openapi.wsgi": {"openapi.guard", "report"},
    "openapi": {
        "extra",
        "openapi.boundary",
        "openapi.description",
        "openapi.guard",
        "openapi.judging",
        "openapi.refusal",
        "openapi.routing",
    },
    "strategies.language": set(),
    "strategies.domains": {"quantities", "schema", "strategies.language"},
    "strategies.narrowing": {"assertions", "pointer", "schema", "strategies.domains"},
    "strategies.sampling": {"pointer", "schema", "strategies.domains", "strategies.language", "strategies.narrowing"},
    "strategies.grounds": {
        "assertions",
        "catalogue",
        "faults",
        "pointer",
        "report",
        "schema",
        "strategies.domains",
        "strategies.narrowing",
        "strategies.sampling",
    },
    "strategies.near": {"assertions", "engine", "report", "strategies.grounds", "strategies.sampling", "wording"},
    "strategies.respelling": {
        "catalogue",
        "normaliser",
        "pointer",
        "quantities",
        "report",
        "schema",
        "strategies.grounds",
        "strategies.sampling",
    },
    "strategies.traffic": {"catalogue", "openapi.description", "pointer", "schema"},
    "strategies.kit": {
        "assertions",
        "catalogue",
        "errors",
        "openapi.description",
        "report",
        "strategies.grounds",
        "strategies.near",
        "strategies.respelling",
        "strategies.traffic",
    },
    "strategies": {"extra", "strategies.kit", "strategies.near", "strategies.respelling", "strategies.traffic"},
    "comparison": {"asking", "catalogue", "mapping", "pointer", "report", "schema"},
    "listing": {"catalogue", "comparison", "editions", "layers", "mapping", "pointer", "schema", "wording"},
    "render": {"feed", "line_diff", "pointer", "report", "schema", "wording"},
    "cli.clashes": set(),
    "cli.terminal": {"cli.clashes", "errors", "feed", "reading", "staging", "wording"},
    "cli.options": {"catalogue", "dialect", "reading", "render", "report", "settings", "wording"},
    "cli.reports": {"cli.options", "cli.terminal", "feed", "render", "report", "staging"},
    "cli.validate": {"cli.clashes", "cli.options", "cli.reports", "cli.terminal", "feed", "settings", "staging"},
    "cli.sinks": {"cli.clashes", "cli.terminal", "reading", "staging", "temporary"},
    "cli.writing": {
        "catalogue",
        "cli.reports",
        "cli.sinks",
        "cli.terminal",
        "feed",
        "reading",
        "render",
        "sheets",
        "staging",
        "temporary",
    },
    "cli.normalise": {
        "cli.clashes",
        "cli.options",
        "cli.reports",
        "cli.sinks",
        "cli.terminal",
        "cli.writing",
        "feed",
        "staging",
    },
    "cli.convert": {
        "catalogue",
        "cli.clashes",
        "cli.options",
        "cli.reports",
        "cli.sinks",
        "cli.terminal",
        "cli.writing",
        "drawer",
        "feed",
        "reading",
        "settings",
        "sheets",
        "staging",
    },
    "cli.openapi": {"cli.clashes", "cli.options", "cli.terminal", "listing", "openapi.description", "staging"},
    "cli.diff": {"cli.options", "cli.terminal", "comparison", "listing"},
    "cli.show": {"catalogue", "cli.options", "cli.terminal", "errors", "layers", "listing", "pointer", "report", "settings"},
    "cli": {
        "cli.convert",
        "cli.diff",
        "cli.normalise",
        "cli.openapi",
        "cli.show",
        "cli.terminal",
        "cli.validate",
        "errors",
        "settings",
        "wording",
    },
}

#: Words of JSON Schema, of our own report and of Python that ads happen to use as well.
SHARED = {
    "type",
    "title",
    "items",
    "value",
    "unit",
    "name",
    "url",
    "state",
    "id",
    "price",
    "location",
    "model",
    "log",
    "list",
    "color",
    "description",
    "category",
    "auto",
    "true",
    "false",
}


def modules() -> Iterator[tuple[str, ast.Module]]:
    """Every module of the package, parsed."""
    for path in sorted(ROOM.rglob("*.py")):
        name = ".".join(path.relative_to(ROOM).with_suffix("").parts).removesuffix(".__init__")
        yield name, ast.parse(path.read_text("utf-8"))


def test_arrows_run_downward_only() -> None:
    """Each module imports no more than the floor plan allows, and the plan has no circle."""
    list(graphlib.TopologicalSorter(FLOOR_PLAN).static_order())
    seen = set()
    for name, tree in modules():
        if name in {"__init__", "__main__"}:
            continue
        seen.add(name)
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("v4schema"):
                inner = (node.module or "").removeprefix("v4schema").lstrip(".")
                named = {alias.name for alias in node.names if not alias.name.startswith("__")}
                imported = {f"cli.{each}" for each in named} if inner == "cli" else {inner} if inner else named
                assert imported <= FLOOR_PLAN[name], (name, imported)
    assert seen == set(FLOOR_PLAN)


def test_only_the_command_prints_and_exits() -> None:
    """No other room writes to a stream or ends the process."""
    for name, tree in modules():
        called = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
        assert name.partition(".")[0] in {"cli", "__main__"} or not called & {"print", "exit", "sys.exit", "click.echo"}, name


def test_only_the_catalogue_and_the_reader_open_files() -> None:
    """`schemas/` has one reader, ads have one; the command reads and writes what its options name."""
    opening = {
        name
        for name, tree in modules()
        if any(isinstance(node, ast.Call) and ast.unparse(node.func) == "open" for node in ast.walk(tree))
    }
    assert opening == {"catalogue", "reading", "settings", "sheets", "cli.options", "cli.sinks", "staging"}


def test_no_python_file_spells_the_domain(catalogue: Catalogue) -> None:
    """No string of the package, docstrings aside, is a category, an edition, a unit, a word, or a field of an ad."""
    words = {*catalogue.editions, *catalogue.translations, *catalogue.names, *catalogue.read("words.json")["names"]}
    for kind in catalogue.read("units.json")["kinds"].values():
        words |= {spelling for unit in kind["units"].values() for spelling in unit["spellings"]}
    for edition in catalogue.editions.values():
        for category in edition.categories.values():
            words |= {category.slug, str(category.id), *category.names.values()}
            for at, node in walk(catalogue.schema(catalogue.kind(edition.name, category.slug))):
                words |= {*at[-1:], *(choice for choice in node.get("enum", ()) if isinstance(choice, str))}
    assert len(words) > 150
    spelt = {
        (name, node.value)
        for name, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in words - SHARED - {"*", "create"}
    }
    assert spelt == set()


def test_importing_the_package_opens_no_file_and_fetches_nothing_heavy() -> None:
    """`import v4schema` costs next to nothing: no schema is read, and neither engine, parser nor click is imported."""
    script = """
import sys
opened = []
sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == "open" else None)
before = set(sys.modules)
import v4schema
print([path for path in opened if path.endswith((".json", ".toml"))])
print(sorted(set(sys.modules) - before - {"importlib", "importlib._bootstrap", "importlib._bootstrap_external"}))
"""
    output = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout.splitlines()
    assert output[0] == "[]"
    loaded = set(json.loads(output[1].replace("'", '"')))
    assert loaded <= {"v4schema", "warnings"}, loaded


def test_validating_a_clean_file_needs_no_parser_of_positions(checkout: Path) -> None:
    """What is paid for code frames is paid only where there is something to show."""
    script = f"""
import sys, json
before = set(sys.modules)
from v4schema.feed import check
ad = json.load(open({str(checkout / "examples" / "moped.json")!r}))
ad["price"][0]["amount"], ad["dealer_code"] = 3500000, "d"
assert [result.report.findings for result in check([("x", json.dumps(ad).encode())])] == [()]
dear = {{"tree_sitter", "jsonschema", "tomllib", "hypothesis", "fractions", "difflib"}}
print(sorted(dear & (sys.modules.keys() - before)))
"""
    output = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout
    assert output == "[]\n"


def test_nothing_reaches_for_a_network(checkout: Path) -> None:
    """With sockets refused, both engines validate all the same."""
    script = f"""
import sys, json
def refuse(event, args):
    if event.startswith("socket"):
        raise SystemExit("socket")
sys.addaudithook(refuse)
import v4schema
ad = json.load(open({str(checkout / "examples" / "camper.json")!r}))
for engine in ("jsonschema-rs", "jsonschema"):
    assert v4schema.validate(ad, engine=engine).valid
    assert not v4schema.validate(dict(ad, visible=3), engine=engine).valid
"""
    subprocess.run([sys.executable, "-c", script], check=True)


#: An address that is kept for documents: nobody has it.
NOBODY = ("192.0.2.1", 80)


def test_the_tests_reach_no_network_but_loopback() -> None:
    """A test that connects to another machine fails, whether or not there is a way to it."""
    with socket.socket() as reaching, pytest.warns(UserWarning, match="192.0.2.1"), pytest.raises(SocketConnectBlockedError):
        reaching.connect(NOBODY)
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        assert client.getpeername() == server.getsockname()


@pytest.mark.parametrize("reaches", ["connect_ex({})", "sendto(b'', {})", "getaddrinfo('example.com', 80)"])
def test_nor_do_the_processes_they_start(reaches: str) -> None:
    """Nothing is sent, and no name is looked up: not here, and not by a Python process that a test starts."""
    script = (
        f"from socket import *\nwith socket(type=SOCK_DGRAM) as s: {'' if 'info' in reaches else 's.'}{reaches.format(NOBODY)}"
    )
    with pytest.raises(RuntimeError, match="reaches out"):
        exec(script, {})  # noqa: S102  (the lines above)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "A test reaches out" in done.stderr


@pytest.mark.parametrize("stem", ["README.md", "CHANGELOG.md"])
def test_documents_name_no_path_of_a_machine(stem: str, checkout: Path) -> None:
    """What is committed holds for everybody."""
    assert not re.search(r"(?<![\w.])/(home|root|tmp|work|Users)/", (checkout / stem).read_text("utf-8"))
