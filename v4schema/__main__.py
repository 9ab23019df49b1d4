"""The command as a process of its own: ``v4schema``, or ``python -m v4schema``."""

import os
import signal
import sys


def main() -> None:
    """Run the command; before it has anything that could be left half-written, one that is asked to stop simply ends.

    At the end it leaves at once, without taking apart what the system takes back anyway: that would cost as much as checking an
    ad, and a run that is killed meanwhile would look as if it had not been done.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from v4schema import cli

    try:
        cli.main()
    except SystemExit as left:
        for stream in filter(None, (sys.stdout, sys.stderr)):
            try:
                stream.flush()
            except OSError:  # Python tells of it in its own way
                raise left from None
        os._exit(left.code if isinstance(left.code, int) else 1)


if __name__ == "__main__":
    main()
