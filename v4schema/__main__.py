"""The command as a process of its own: ``v4schema``, or ``python -m v4schema``."""

import signal


def main() -> None:
    """Run the command; before it has anything that could be left half-written, one that is asked to stop simply ends."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from v4schema import cli

    cli.main()


if __name__ == "__main__":
    main()
