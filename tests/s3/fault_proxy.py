#!/usr/bin/env python3
"""An HTTP proxy in front of an S3 server that breaks requests on command: nginx with Lua.

usage: fault_proxy.py DIRECTORY UPSTREAM        (UPSTREAM: host:port)

Starts it in DIRECTORY, which is made, and prints "ready http://127.0.0.1:PORT". Then it takes
commands on standard input, one a line:

    break KINDS COUNT PATTERN   the next COUNT requests whose "METHOD URI" matches PATTERN (of Lua);
                                COUNT "1/10": each tenth. Several kinds, with commas in between,
                                take turns
    fired [KIND]                how many requests were broken since the last "break"

and answers each with "done NUMBER". Kinds, with their arguments:

    status=S[:CODE[:REGION]]   answered with the status S and an error of S3, not passed on
    delay=SECONDS              passed on after that time
    refuse                     the connection ends without an answer; not passed on
    upload=BYTES               the connection ends after so much of the body
    garble                     one byte of the body is another one when it is passed on
    lost                       passed on, done and answered, but the answer does not arrive
    truncate=BYTES             the answer ends after so much of its body
    corrupt=BYTES              the byte of the answer's body that comes after so many is another one
    hang=SECONDS               no answer for that time, then the connection ends; not passed on

When the input ends, nginx ends and DIRECTORY is removed.
"""

import http.client
import pathlib
import shutil
import signal
import subprocess
import sys
import time
import urllib.parse

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "python"))
from free_port import free_port  # noqa: E402  (after the line above)

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
  client_body_buffer_size 64m;
  lua_shared_dict fault 1m;
  upstream gateway { server @upstream@; keepalive 16; }
  server {
    listen 127.0.0.1:@port@;
    location / {
      access_by_lua_block {
        local fault = ngx.shared.fault
        local kinds = fault:get("kinds")
        if not kinds then return end
        if not string.find(ngx.req.get_method() .. " " .. ngx.var.request_uri,
                           fault:get("pattern")) then return end
        local each = fault:get("each")
        if each then
          if fault:incr("seen", 1, 0) % each ~= 0 then return end
        elseif fault:incr("left", -1) < 0 then
          return
        end
        local all = {}
        for each in string.gmatch(kinds, "[^,]+") do table.insert(all, each) end
        local turn = fault:incr("fired", 1, 0)
        local kind, argument = string.match(all[(turn - 1) % #all + 1], "^(%a+)=?(.*)$")
        fault:incr("fired " .. kind, 1, 0)
        if kind == "status" then
          local status, code, region = string.match(argument, "^(%d+):?([^:]*):?(.*)$")
          ngx.status = tonumber(status)
          ngx.header["Content-Type"] = "application/xml"
          ngx.print("<Error><Code>", code, "</Code><Region>", region, "</Region></Error>")
          return ngx.exit(ngx.status)
        elseif kind == "delay" then
          ngx.sleep(tonumber(argument))
        elseif kind == "hang" then
          ngx.sleep(tonumber(argument))
          return ngx.exit(444)
        elseif kind == "refuse" then
          return ngx.exit(444)
        elseif kind == "upload" then
          if ngx.req.get_method() ~= "PUT" then return ngx.exit(444) end
          local body = ngx.req.socket()
          body:receive(tonumber(argument))
          return ngx.exit(444)
        elseif kind == "garble" then
          ngx.req.read_body()
          local body = ngx.req.get_body_data()
          if body then
            local changed = string.char((string.byte(body, -1) + 1) % 256)
            ngx.req.set_body_data(string.sub(body, 1, -2) .. changed)
          end
        else
          ngx.ctx.broken = kind
          ngx.ctx.left = tonumber(argument)
        end
      }
      header_filter_by_lua_block {
        if ngx.ctx.broken == "lost" then return ngx.exit(ngx.ERROR) end
      }
      body_filter_by_lua_block {
        local kind, left, piece = ngx.ctx.broken, ngx.ctx.left, ngx.arg[1]
        if kind == "truncated" then return ngx.ERROR end
        if not left then return end
        if #piece <= left then
          ngx.ctx.left = left - #piece
        elseif kind == "truncate" then
          if left == 0 then return ngx.ERROR end
          ngx.arg[1], ngx.arg[2] = string.sub(piece, 1, left), false
          ngx.ctx.broken = "truncated"
        elseif kind == "corrupt" then
          local changed = string.char((string.byte(piece, left + 1) + 1) % 256)
          ngx.arg[1] = string.sub(piece, 1, left) .. changed .. string.sub(piece, left + 2)
          ngx.ctx.left = nil
        end
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
        local each = string.match(given.count, "^1/(%d+)$")
        if each then
          fault:set("each", tonumber(each))
        else
          fault:set("left", tonumber(given.count))
        end
        fault:set("pattern", given.pattern)
        fault:set("kinds", given.kinds)
        ngx.print(0)
      }
    }
    location = /fired {
      content_by_lua_block {
        local kind = ngx.req.get_uri_args().kind
        ngx.print(ngx.shared.fault:get(kind and "fired " .. kind or "fired") or 0)
      }
    }
  }
}
"""


class Proxy:
    """nginx, its directory, and the way to tell it what to break."""

    def __init__(self, directory, upstream):
        self.directory = pathlib.Path(directory).resolve()
        self.upstream = upstream
        self.port = free_port()
        self.control = free_port(self.port)
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
        word, *words = line.split(maxsplit=3)
        if word == "fired":
            return self.ask("/fired" + "".join(f"?kind={kind}" for kind in words))
        kinds, count, pattern = words
        pattern = pattern.rstrip("\n")
        return self.ask("/break?" + urllib.parse.urlencode(
            {"kinds": kinds, "count": count, "pattern": pattern}))

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
