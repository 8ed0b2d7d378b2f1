#!/usr/bin/env python3
"""A network in front of a PostgreSQL server that is slow, or breaks, on command.

usage: proxy.py SERVER_SOCKET [--cut-from-server BYTES] [--cut-to-server BYTES]

As a program it prints the port of 127.0.0.1 on which it listens, then a line "cut" for each
connection that it has cut, and ends with its input.
"""

import argparse
import socket
import sys
import threading

CHUNK = 16 << 10


class Proxy:
    """Passes bytes between 127.0.0.1 and the unix socket of a server until closed."""

    def __init__(self, server_socket, cut_from_server=None, cut_to_server=None, on_cut=None,
                 slow_after=None):
        """slow_after: once a client has sent these bytes, each chunk that comes from the server
        waits for one call of let_pass()."""
        self.server_socket = str(server_socket)
        self.limits = {"from": cut_from_server, "to": cut_to_server}
        self.on_cut = on_cut
        self.slow_after = slow_after
        self.slow = False
        self.credit = threading.Semaphore(0)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def let_pass(self):
        self.credit.release()

    def run_free(self):
        """Nothing waits any more."""
        self.slow_after = None
        self.slow = False
        self.credit.release(1000)

    def close(self):
        self.listener.close()
        self.run_free()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        with client, socket.socket(socket.AF_UNIX) as server:
            server.connect(self.server_socket)
            back = threading.Thread(target=self._pump, args=(server, client, "from"), daemon=True)
            back.start()
            self._pump(client, server, "to")
            back.join()

    def _pump(self, source, target, way):
        """Until one side ends, or the limit is reached; then both sides end."""
        limit, passed = self.limits[way], 0
        try:
            while data := source.recv(CHUNK):
                if limit is not None and passed + len(data) >= limit:
                    target.sendall(data[:limit - passed])
                    if self.on_cut:
                        self.on_cut()
                    break
                if way == "to" and self.slow_after is not None and self.slow_after in data:
                    self.slow = True
                if way == "from" and self.slow:
                    self.credit.acquire()
                target.sendall(data)
                passed += len(data)
        except OSError:
            pass  # the other side has gone
        for end in (source, target):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("server_socket")
    parser.add_argument("--cut-from-server", type=int)
    parser.add_argument("--cut-to-server", type=int)
    options = parser.parse_args()
    proxy = Proxy(options.server_socket, options.cut_from_server, options.cut_to_server,
                  on_cut=lambda: print("cut", flush=True))
    print(proxy.port, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
