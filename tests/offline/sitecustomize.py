"""Keeps a Python process from any network but loopback: those that tests start find this on PYTHONPATH, and run it first.

The tests' own process runs it as well, since pytest-socket knows of connections alone, and not of names and datagrams.
"""

import sys

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
