"""Print everything that is derived from the files under schemas/, to compare one state of them with another.

    python scripts/print_schemas.py FOLDER [--schemas FOLDER]    one file for each flat schema, OpenAPI document and mapping
    python scripts/print_schemas.py - | less                     the same as one JSON object on standard output

If a change to the files is not supposed to change any rule, there must be no difference:

    git stash && python scripts/print_schemas.py before && git stash pop
    python scripts/print_schemas.py after && diff -r before after

Members of objects are sorted and the year is fixed, so that two runs of one state are the same. The order in which the fields of
an ad are shown is printed as well.
"""

import argparse
import dataclasses
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

from v4schema import Kind
from v4schema.catalogue import Catalogue
from v4schema.conversion.mappings import mappings_for
from v4schema.dialect.fields import walk
from v4schema.document.pointer import write
from v4schema.openapi.description import described_editions, document

#: The year that rules about this year count from.
YEAR = 2026


def flat_schemas(catalogue: Catalogue) -> Iterator[tuple[str, Any]]:
    """Yield every flat schema, by edition, category (``any`` for none) and operation, and the order of its fields."""
    for edition in catalogue.editions.values():
        for slug in (None, *edition.categories):
            for operation in edition.operations:
                schema = catalogue.schema(Kind(version=edition.name, category=slug), operation)
                name = f"schemas/{edition.name}/{slug or 'any'}/{operation}.json"
                yield name, {"fields": [write(at) for at, _ in walk(schema)], "schema": schema}


def openapi_documents(catalogue: Catalogue) -> Iterator[tuple[str, Any]]:
    """Yield the OpenAPI document of every edition that has one."""
    for version in described_editions(catalogue):
        yield f"openapi/{version}.json", document(version, catalogue=catalogue)


def mappings(catalogue: Catalogue) -> Iterator[tuple[str, Any]]:
    """Yield the mappings of every category: those in files and their opposites."""
    for path in catalogue.edition_paths.values():
        for category in dict.fromkeys(category for category, _, _ in path.categories):
            found = mappings_for(catalogue, path, category)
            yield f"mappings/{path.version}-to-{path.to}/{category}.json", [dataclasses.asdict(mapping) for mapping in found]


def written(value: Any) -> str:  # noqa: ANN401  (any JSON)
    """Write JSON so that the same content is the same text."""
    return json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True) + "\n"


def main() -> None:
    """Print everything into a folder or to standard output."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", metavar="FOLDER", help="a folder that is made, or - for standard output")
    parser.add_argument("--schemas", metavar="FOLDER", help="a folder of schemas instead of the one of the package")
    args = parser.parse_args()
    catalogue = Catalogue(args.schemas)
    with mock.patch.object(time, "localtime", return_value=time.struct_time((YEAR, 1, 1, 0, 0, 0, 3, 1, 0))):
        printed = {name: content for part in (flat_schemas, openapi_documents, mappings) for name, content in part(catalogue)}
    if args.folder == "-":
        sys.stdout.write(written(printed))
        return
    for name, content in printed.items():
        path = Path(args.folder, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(written(content), "utf-8")


if __name__ == "__main__":
    main()
