"""Keeps a Python process from any network but loopback: those that tests start find this on PYTHONPATH, and run it first.

The tests' own process runs it as well, since pytest-socket knows of connections alone, and not of names and datagrams.
It also stops the year: rules of plausibility go by the caller's clock, and what the examples expect of them was written
down in 2026. `TESTS_YEAR` makes it another year, for the laws, which hold in any.
"""

import os
import sys
import time
from typing import SupportsIndex

_LOOPBACK = {None, "", "127.0.0.1", "::1", "localhost"}
#: What reaches out, with where it is told to whom.
_REACHING = {"socket.connect": 1, "socket.sendto": 1, "socket.sendmsg": 1, "socket.getaddrinfo": 0, "socket.gethostbyname": 0}


def _refuse(event: str, told: tuple[object, ...]) -> None:
    if event in _REACHING:
        to = told[_REACHING[event]]
        host = to[0] if isinstance(to, tuple) else to
        if host not in _LOOPBACK:
            raise RuntimeError(f"A test reaches out to {host!r}.")


sys.addaudithook(_refuse)


def _in_year(year: int) -> None:
    real = time.localtime

    def localtime(seconds: float | SupportsIndex | None = None) -> time.struct_time:
        now = real(seconds)
        return now if seconds is not None else time.struct_time((year, *now[1:]))

    time.localtime = localtime


_in_year(int(os.environ.get("TESTS_YEAR", "2026")))
