"""The architecture: what no Python file may contain, who may print and open files, and what an import may cost.

Who may import whom is the contract of import-linter in `pyproject.toml`.
"""

import ast
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

PACKAGE = Path(v4schema.__file__).parent

#: Words of JSON Schema, of our report and of Python that ads use as well.
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
    for path in sorted(PACKAGE.rglob("*.py")):
        name = ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__")
        yield name, ast.parse(path.read_text("utf-8"))


def test_only_the_command_prints_and_exits() -> None:
    """No other package writes to a stream or ends the process."""
    for name, tree in modules():
        called = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
        assert name.partition(".")[0] in {"cli", "__main__"} or not called & {"print", "exit", "sys.exit", "click.echo"}, name


def test_only_listed_modules_open_files() -> None:
    """One module reads `schemas/` and one reads ads; the command reads and writes the files that its options name."""
    opening = {
        name
        for name, tree in modules()
        if any(isinstance(node, ast.Call) and ast.unparse(node.func) == "open" for node in ast.walk(tree))
    }
    assert opening == {
        "catalogue",
        "reading.reader",
        "feed.answer_sheet",
        "cli.settings",
        "cli.shared_options",
        "cli.outputs",
        "output.staging",
    }


def test_no_python_file_contains_names_of_the_domain(catalogue: Catalogue) -> None:
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
    found = {
        (name, node.lineno, node.value)
        for name, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in words - SHARED - {"*", "create"}
    }
    assert found == set()


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
    assert loaded <= {"v4schema", "v4schema._version", "warnings"}, loaded


def test_validating_a_clean_file_imports_no_position_parser(checkout: Path) -> None:
    """Libraries that only findings need are not imported for an ad without findings."""
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


def test_validating_opens_no_socket(checkout: Path) -> None:
    """Both engines validate although every socket is refused."""
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


#: An address that is reserved for documentation, so no machine has it.
NOBODY = ("192.0.2.1", 80)


def test_tests_connect_to_loopback_only() -> None:
    """A test that connects to another machine fails, whether or not that machine can be reached."""
    with socket.socket() as reaching, pytest.warns(UserWarning, match="192.0.2.1"), pytest.raises(SocketConnectBlockedError):
        reaching.connect(NOBODY)
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        assert client.getpeername() == server.getsockname()


@pytest.mark.parametrize("reaches", ["connect_ex({})", "sendto(b'', {})", "getaddrinfo('example.com', 80)"])
def test_processes_of_tests_connect_to_loopback_only(reaches: str) -> None:
    """Neither a test nor a Python process that it starts sends anything or looks up a name."""
    script = (
        f"from socket import *\nwith socket(type=SOCK_DGRAM) as s: {'' if 'info' in reaches else 's.'}{reaches.format(NOBODY)}"
    )
    with pytest.raises(RuntimeError, match="reaches out"):
        exec(script, {})  # noqa: S102  (the lines above)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "A test reaches out" in done.stderr


@pytest.mark.parametrize("stem", ["README.md", "CHANGELOG.md"])
def test_documents_contain_no_path_of_a_machine(stem: str, checkout: Path) -> None:
    """A path of the author's machine would mean nothing to a reader."""
    assert not re.search(r"(?<![\w.])/(home|root|tmp|work|Users)/", (checkout / stem).read_text("utf-8"))
