#!/usr/bin/env python3
"""A port for a server that is started a little later, or is started again on it.

As a program it prints one.
"""

import pathlib
import random
import socket

FIRST = 10240
LAST = 65535


def free_port(*taken):
    """A port of 127.0.0.1 on which nobody listens, and none of those that are taken.

    Where there are others, it is none of those that the kernel gives to whoever connects or does
    not care, so nobody gets it by chance before the server listens, nor while it is away.
    """
    low, high = map(int, pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split())
    everything = set(range(FIRST, LAST + 1)) - set(taken)
    ports = list(everything - set(range(low, high + 1))) or list(everything)
    while ports:
        port = random.choice(ports)
        try:
            with socket.create_server(("127.0.0.1", port)):
                return port
        except OSError:
            ports.remove(port)
    raise RuntimeError("there is no free port")


if __name__ == "__main__":
    print(free_port())
