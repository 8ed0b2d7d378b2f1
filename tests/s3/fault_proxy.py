#!/usr/bin/env python3
"""An HTTP proxy in front of an S3 server that breaks requests on command: nginx with Lua.

usage: fault_proxy.py DIRECTORY UPSTREAM        (UPSTREAM: host:port)

Starts it in DIRECTORY, which is made, and prints "ready http://127.0.0.1:PORT". Then it takes
commands on standard input, one a line:

    break KIND COUNT PATTERN [ARGUMENT]   the next COUNT requests whose "METHOD URI" matches PATTERN
                                          (of Lua); COUNT "10%": each one with that chance
    fired                                 how many requests were broken since the last "break"

and answers each with "done NUMBER". Kinds:

    status     answered with the status ARGUMENT, not passed on
    delay      passed on after ARGUMENT seconds
    refuse     the connection ends without an answer; not passed on
    upload     the connection ends after ARGUMENT bytes of the body
    lost       passed on, done and answered, but the answer does not arrive
    truncate   the answer ends after ARGUMENT bytes of its body
    hang       no answer for ARGUMENT seconds, then the connection ends; not passed on

When the input ends, nginx ends and DIRECTORY is removed.
"""

import http.client
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.parse

MODULES = "/usr/lib/nginx/modules"

CONFIGURATION = r"""
daemon off;
master_process off;
pid nginx.pid;
error_log error.log;
load_module @modules@/ndk_http_module.so;
load_module @modules@/ngx_http_lua_module.so;
events { worker_connections 512; }
http {
  access_log access.log;
  client_body_temp_path body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  client_max_body_size 0;
  lua_shared_dict fault 1m;
  upstream gateway { server @upstream@; keepalive 16; }
  server {
    listen 127.0.0.1:@port@;
    location / {
      access_by_lua_block {
        local fault = ngx.shared.fault
        local kind = fault:get("kind")
        if not kind then return end
        if not string.find(ngx.req.get_method() .. " " .. ngx.var.request_uri,
                           fault:get("pattern")) then return end
        local chance = fault:get("chance")
        if chance then
          if math.random() * 100 >= chance then return end
        elseif fault:incr("left", -1) < 0 then
          return
        end
        fault:incr("fired", 1, 0)
        local argument = fault:get("argument")
        if kind == "status" then
          ngx.status = tonumber(argument)
          ngx.header["Content-Type"] = "application/xml"
          ngx.print("<Error><Code></Code></Error>")
          return ngx.exit(ngx.status)
        elseif kind == "delay" then
          ngx.sleep(tonumber(argument))
        elseif kind == "hang" then
          ngx.sleep(tonumber(argument))
          return ngx.exit(444)
        elseif kind == "refuse" then
          return ngx.exit(444)
        elseif kind == "upload" then
          local body = ngx.req.socket()
          body:receive(tonumber(argument))
          return ngx.exit(444)
        else
          ngx.ctx.broken = kind
          ngx.ctx.left = tonumber(argument)
        end
      }
      header_filter_by_lua_block {
        if ngx.ctx.broken == "lost" then return ngx.exit(ngx.ERROR) end
      }
      body_filter_by_lua_block {
        if ngx.ctx.broken ~= "truncate" then return end
        local piece = ngx.arg[1]
        if #piece <= ngx.ctx.left then
          ngx.ctx.left = ngx.ctx.left - #piece
          return
        end
        ngx.arg[1] = string.sub(piece, 1, ngx.ctx.left)
        if ngx.ctx.left == 0 then return ngx.ERROR end
        ngx.ctx.left = 0
      }
      proxy_pass http://gateway;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_request_buffering off;
      proxy_buffering off;
      proxy_max_temp_file_size 0;
      proxy_next_upstream off;
      proxy_read_timeout 300s;
    }
  }
  server {
    listen 127.0.0.1:@control@;
    location = /break {
      content_by_lua_block {
        local fault = ngx.shared.fault
        local given = ngx.req.get_uri_args()
        fault:flush_all()
        local chance = string.match(given.count, "^(%d+)%%$")
        if chance then
          fault:set("chance", tonumber(chance))
        else
          fault:set("left", tonumber(given.count))
        end
        fault:set("pattern", given.pattern)
        fault:set("argument", given.argument)
        fault:set("kind", given.kind)
        ngx.print(0)
      }
    }
    location = /fired {
      content_by_lua_block { ngx.print(ngx.shared.fault:get("fired") or 0) }
    }
  }
}
"""


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


class Proxy:
    """nginx, its directory, and the way to tell it what to break."""

    def __init__(self, directory, upstream):
        self.directory = pathlib.Path(directory).resolve()
        self.upstream = upstream
        self.port, self.control = free_ports(2)
        self.process = None

    def start(self):
        self.directory.mkdir(parents=True)
        text = CONFIGURATION
        for name, value in {"modules": MODULES, "upstream": self.upstream, "port": self.port,
                            "control": self.control}.items():
            text = text.replace(f"@{name}@", str(value))
        (self.directory / "nginx.conf").write_text(text, encoding="utf-8")
        with open(self.directory / "out", "wb") as out:
            self.process = subprocess.Popen(
                ["/usr/sbin/nginx", "-p", f"{self.directory}/", "-c", "nginx.conf"],
                stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        deadline = time.monotonic() + 60
        while True:
            try:
                self.ask("/fired")
                return
            except OSError as error:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    told = (self.directory / "out").read_text(encoding="utf-8", errors="replace")
                    raise RuntimeError(f"nginx did not start: {told}") from error
                time.sleep(0.02)

    def ask(self, target):
        connection = http.client.HTTPConnection("127.0.0.1", self.control, timeout=30)
        try:
            connection.request("GET", target)
            answer = connection.getresponse()
            text = answer.read().decode()
        finally:
            connection.close()
        if answer.status != 200:
            raise RuntimeError(f"{target}: status {answer.status}")
        return text

    def obey(self, line):
        word, *words = line.split()
        if word == "fired":
            return self.ask("/fired")
        kind, count, pattern, *argument = words
        return self.ask("/break?" + urllib.parse.urlencode(
            {"kind": kind, "count": count, "pattern": pattern, "argument": " ".join(argument)}))

    def stop(self):
        if self.process is not None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        shutil.rmtree(self.directory, ignore_errors=True)


def main():
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    proxy = Proxy(*sys.argv[1:])
    try:
        proxy.start()
        print(f"ready http://127.0.0.1:{proxy.port}", flush=True)
        for line in sys.stdin:
            print("done", proxy.obey(line), flush=True)
    finally:
        proxy.stop()


if __name__ == "__main__":
    main()
