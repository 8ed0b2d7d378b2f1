#!/usr/bin/env python3
"""A network in front of a PostgreSQL server that is slow, or breaks, on command.

usage: proxy.py SERVER_SOCKET [--after TEXT] [--cut-from-server N | --cut-to-server N | --stall]

As a program it prints the port of 127.0.0.1 on which it listens, then a line "cut" for each
connection that it has cut and "stalled" for each that waits, and ends with its input.
"""

import argparse
import socket
import sys
import threading

CHUNK = 16 << 10


class Proxy:
    """Passes bytes between 127.0.0.1 and the unix socket of a server until it is closed.

    What goes wrong concerns each connection by itself, from the moment on at which its client has
    sent the bytes `after`, or from its beginning:
      cut_from_server, cut_to_server   it is cut when so many bytes more have passed that way
      slow                             each chunk from the server waits for a call of let_pass()
    """

    def __init__(self, server_socket, after=None, cut_from_server=None, cut_to_server=None,
                 slow=False, on_event=lambda word: None):
        self.server_socket = str(server_socket)
        self.after = after
        self.limits = {"from": cut_from_server, "to": cut_to_server}
        self.slow = slow
        self.on_event = on_event
        self.credit = threading.Semaphore(0)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def let_pass(self):
        self.credit.release()

    def run_free(self):
        """Nothing waits any more."""
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
            begun = threading.Event()
            if self.after is None:
                begun.set()
            back = threading.Thread(target=self._pump, args=(server, client, "from", begun),
                                    daemon=True)
            back.start()
            self._pump(client, server, "to", begun)
            back.join()

    def _pump(self, source, target, way, begun):
        """Until one side ends, or the limit is reached; then both sides end."""
        left = self.limits[way]
        try:
            while data := source.recv(CHUNK):
                if begun.is_set():
                    if left is not None and len(data) >= left:
                        target.sendall(data[:left])
                        self.on_event("cut")
                        break
                    left = left and left - len(data)
                    if way == "from" and self.slow:
                        self.on_event("stalled")
                        self.credit.acquire()
                elif way == "to" and self.after in data:
                    begun.set()
                target.sendall(data)
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
    parser.add_argument("--after", type=str.encode)
    parser.add_argument("--cut-from-server", type=int)
    parser.add_argument("--cut-to-server", type=int)
    parser.add_argument("--stall", action="store_true")
    options = parser.parse_args()
    proxy = Proxy(options.server_socket, options.after, options.cut_from_server,
                  options.cut_to_server, options.stall, lambda word: print(word, flush=True))
    print(proxy.port, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
