"""Have schemathesis test the stand-in for the API by the description, and say what it found.

    python scripts/conformance.py [EXAMPLES] [--seed N] [--edition NAME]

It makes requests that fit the description and requests that do not, up to EXAMPLES (default: 20) of each for every operation
beside those that it always makes, and expects that what fits is answered as described, and what does not is refused. It is
installed into an environment of its own, which is left for the next run in the user's cache.
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

#: The version that was tried; others say other things.
_SCHEMATHESIS = "schemathesis==4.32.5"
_TOKEN = "6d2f7a"  # noqa: S105  (it opens nothing but the stand-in)


def installed() -> Path:
    """Return the program, after installing it where it is not."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "v4schema" / _SCHEMATHESIS
    program = cache / "bin" / "schemathesis"
    if not program.exists():
        venv.create(cache, with_pip=True, clear=True)
        subprocess.run([cache / "bin" / "pip", "install", "--quiet", _SCHEMATHESIS], check=True)
    return program


def main() -> int:
    """Test each edition; the code is that of the worst run."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("examples", nargs="?", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--edition", action="append", help="what to test; by default, every edition")
    asked = parser.parse_args()
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    logging.getLogger("v4schema.openapi").setLevel(logging.ERROR)
    program, worst = installed(), 0
    for version in asked.edition or described_editions(catalogue.default()):
        with tempfile.TemporaryDirectory() as folder, serving(Preflight(Api(_TOKEN))) as address:
            description = Path(folder) / f"{version}.json"
            description.write_text(json.dumps(document(version)), "utf-8")
            command: list[str | Path] = [program, "run", description, "--url", address, "--header", f"X-Auth-Token: {_TOKEN}"]
            settings = ["--checks", "all", "--max-examples", str(asked.examples), "--seed", str(asked.seed), "--no-color"]
            worst = max(worst, subprocess.run([*command, *settings], cwd=folder, check=False).returncode)
    return worst


if __name__ == "__main__":
    sys.exit(main())
