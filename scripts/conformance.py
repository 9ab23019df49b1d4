"""Let schemathesis test the local stand-in for the API by the OpenAPI description, and print its result.

    python scripts/conformance.py [EXAMPLES] [--seed N] [--edition NAME]

schemathesis sends valid and invalid requests by the description, up to EXAMPLES (default: 20) of each for every operation, and
some fixed ones. It expects described responses to valid requests, and refusals of invalid ones. It is installed into its own
environment in the user's cache, which the next run uses again.
"""

import argparse
import json
import logging
import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

from local_api import Api, serving

from v4schema import catalogue
from v4schema.openapi import document
from v4schema.openapi.description import described_editions
from v4schema.openapi.wsgi import Preflight

#: The version that this script was written for; other versions check other things.
_SCHEMATHESIS = "schemathesis==4.32.5"
_TOKEN = "6d2f7a"  # noqa: S105  (it is only for the stand-in)


def install() -> Path:
    """Return the path of schemathesis, and install it first if it is missing."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "v4schema" / _SCHEMATHESIS
    program = cache / "bin" / "schemathesis"
    if not program.exists():
        venv.create(cache, with_pip=True, clear=True)
        subprocess.run([cache / "bin" / "pip", "install", "--quiet", _SCHEMATHESIS], check=True)
    return program


def main() -> int:
    """Test each edition, and return the highest exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("examples", nargs="?", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--edition", action="append", help="an edition to test; default: every edition")
    args = parser.parse_args()
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    logging.getLogger("v4schema.openapi").setLevel(logging.ERROR)
    program, worst = install(), 0
    for version in args.edition or described_editions(catalogue.default()):
        with tempfile.TemporaryDirectory() as folder, serving(Preflight(Api(_TOKEN))) as address:
            description = Path(folder) / f"{version}.json"
            description.write_text(json.dumps(document(version)), "utf-8")
            command: list[str | Path] = [program, "run", description, "--url", address, "--header", f"X-Auth-Token: {_TOKEN}"]
            settings = ["--checks", "all", "--max-examples", str(args.examples), "--seed", str(args.seed), "--no-color"]
            worst = max(worst, subprocess.run([*command, *settings], cwd=folder, check=False).returncode)
    return worst


if __name__ == "__main__":
    sys.exit(main())
