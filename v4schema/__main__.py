"""Run the command as ``python -m v4schema``."""

from v4schema.cli import main

main()
