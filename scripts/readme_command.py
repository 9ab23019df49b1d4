"""Print the shell command under a heading of the README, so that CI runs the documented command."""

import re
import sys
from pathlib import Path


def command(readme: str, heading: str) -> str:
    """Return the first shell block under `heading`. Raises `LookupError` if there is none."""
    found = re.search(rf"^## {re.escape(heading)}$.*?^```sh\n(.*?)^```$", readme, re.DOTALL | re.MULTILINE)
    if found is None or "\n## " in found[0]:
        raise LookupError(heading)
    return found[1].strip()


if __name__ == "__main__":
    print(command((Path(__file__).parent.parent / "README.md").read_text("utf-8"), sys.argv[1]))
