"""The command as a process: ``v4schema``, or ``python -m v4schema``."""

import os
import signal
import sys


def main() -> None:
    """Run the command. Until it writes files, an interrupt simply ends the process.

    At the end, the process exits at once, without Python's clean-up: that would cost as much as checking an ad, and a run that is
    killed during the clean-up would look as if it had failed.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from v4schema import cli

    try:
        cli.main()
    except SystemExit as exit_:
        for stream in filter(None, (sys.stdout, sys.stderr)):
            try:
                stream.flush()
            except OSError:  # Python reports it in its own way
                raise exit_ from None
        os._exit(exit_.code if isinstance(exit_.code, int) else 1)


if __name__ == "__main__":
    main()
