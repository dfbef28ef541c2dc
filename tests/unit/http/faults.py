"""A server on loopback behind a layer that breaks what it is told to break, in the bytes and in what they say. For tests only."""

from __future__ import annotations

import gzip
import json
import socket
import socketserver
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from random import Random
from typing import Any

from tests.unit.http.toy import Toy

STALL_SECONDS = 0.6
# What is broken in the transport: the request can be asked again.
TRANSPORT = (
    "429",
    "429 after",
    "429 date",
    "429 reset",
    "429 skewed",
    "403 used up",
    "500",
    "503 after",
    "reset",
    "reset in the middle",
    "cut",
    "cut chunks",
    "cut without length",
    "cut gzip",
    "html",
    "garbage",
    "empty",
    "used up",
)
# What costs real time is drawn less often.
SLOW = ("stall", "drip")
# What is wrong with what a whole answer says.
CONTENT = ("duplicates", "shuffled", "no list", "no id", "wrong types", "same cursor", "null")
# What begins with one request and lasts until the server is well again.
ENDLESS = ("endless empty pages", "endless last page")


@dataclass
class Script:
    """Which fault the n-th request meets."""

    faults: dict[int, str] = field(default_factory=dict)

    @classmethod
    def seeded(cls, seed: int, length: int = 14) -> Script:
        """Bursts of one fault, single faults, and quiet between them."""
        random = Random(seed)
        faults: dict[int, str] = {}
        place = random.randrange(3)
        while place < length:
            kinds = random.choices((TRANSPORT, CONTENT, ENDLESS, SLOW), (24, 12, 1, 2))[0]
            kind = random.choice(kinds)
            for step in range(random.choice((1, 1, 1, 2, 3, 7)) if kinds is TRANSPORT else 1):
                faults[place + step] = kind
            place += random.choice((2, 3, 4, 8))
        return cls(faults)


class FaultyServer:
    """HTTP/1.1 on loopback, spoken by hand so that it can be spoken wrongly.

    Attributes:
        count: requests so far.
        script: the faults to come; replaced by an empty one, the server is well.
    """

    def __init__(self, toy: Toy, script: Script | None = None) -> None:
        self.toy, self.script, self.count = toy, script or Script(), 0
        self._lock = threading.Lock()
        outer = self

        class Handler(socketserver.StreamRequestHandler):
            disable_nagle_algorithm = True

            def handle(self) -> None:
                while target := _request(self.rfile):
                    with outer._lock:
                        fault = outer.script.faults.get(outer.count)
                        outer.count += 1
                    try:
                        if not outer._answer(target, fault, self.connection):
                            return
                    except OSError:
                        return

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def heal(self) -> None:
        """Break nothing from now on."""
        self.script, self.toy.endless = Script(), ""

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _answer(self, target: str, fault: str | None, connection: socket.socket) -> bool:
        """Whether the connection stays open."""
        if fault in _PLAIN:
            status, headers, body = _PLAIN[fault](datetime.now(UTC))
            connection.sendall(_response(status, headers, body))
            return True
        if fault == "reset":
            _reset(connection)
            return False
        if fault in ENDLESS:
            self.toy.endless = fault
        status, document = self.toy.answer(target)
        if fault in CONTENT:
            document = _misspoken(fault, dict(document), target, Random(self.count))
        body = json.dumps(document).encode()
        headers = {"Content-Type": "application/json"}
        if fault == "used up":
            headers |= {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "45"}
        if fault in _BROKEN:
            _BROKEN[fault](connection, _response(status, headers, body), body)
            return False
        connection.sendall(_response(status, headers, body))
        return True


def _request(stream: Any) -> str | None:
    line = stream.readline()
    if not line:
        return None
    while stream.readline() not in (b"\r\n", b"\n", b""):
        continue
    return str(line.split()[1].decode())


def _response(status: int, headers: dict[str, str], body: bytes) -> bytes:
    lines = [f"HTTP/1.1 {status} Said", *(f"{name}: {value}" for name, value in headers.items()), f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


def _limited(**headers: Callable[[datetime], str]) -> Callable[[datetime], tuple[int, dict[str, str], bytes]]:
    return lambda now: (429, {name.replace("_", "-"): value(now) for name, value in headers.items()}, b'{"error": "slow down"}')


def _date(moment: datetime) -> str:
    return format_datetime(moment.replace(microsecond=0), usegmt=True)


_SKEW = timedelta(hours=9)
_PLAIN: dict[str | None, Callable[[datetime], tuple[int, dict[str, str], bytes]]] = {
    "429": _limited(),
    "429 after": _limited(Retry_After=lambda _: "7"),
    "429 date": _limited(Date=_date, Retry_After=lambda now: _date(now + timedelta(seconds=20))),
    "429 reset": _limited(Date=_date, X_Rate_Limit_Reset=lambda now: str(int(now.timestamp()) + 30)),
    "429 skewed": _limited(
        Date=lambda now: _date(now - _SKEW), Retry_After=lambda now: _date(now - _SKEW + timedelta(seconds=20))
    ),
    "403 used up": lambda _: (403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "12.5"}, b"{}"),
    "500": lambda _: (500, {}, b"oops"),
    "503 after": lambda _: (503, {"Retry-After": "3", "Content-Type": "text/html"}, b"<html>maintenance"),
    "html": lambda _: (200, {"Content-Type": "text/html"}, b"<!DOCTYPE html><html>log in</html>"),
    "garbage": lambda _: (200, {"Content-Type": "application/json"}, b"\x00\xff{{{"),
    "empty": lambda _: (200, {"Content-Type": "application/json"}, b""),
}


def _reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def _part(whole: bytes, body: bytes) -> bytes:
    return whole[: len(whole) - len(body) + len(body) // 2]


def _cut(connection: socket.socket, whole: bytes, body: bytes) -> None:
    connection.sendall(_part(whole, body))


def _reset_in_the_middle(connection: socket.socket, whole: bytes, body: bytes) -> None:
    connection.sendall(_part(whole, body))
    _reset(connection)


def _cut_chunks(connection: socket.socket, _: bytes, body: bytes) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    half = body[: len(body) // 2]
    connection.sendall(head + f"{len(half):x}\r\n".encode() + half + b"\r\n")


def _cut_without_length(connection: socket.socket, _: bytes, body: bytes) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + body[: len(body) // 2])


def _cut_gzip(connection: socket.socket, _: bytes, body: bytes) -> None:
    packed = gzip.compress(body)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n" + packed[: len(packed) // 2])


def _stall(connection: socket.socket, whole: bytes, body: bytes) -> None:
    connection.sendall(_part(whole, body))
    time.sleep(STALL_SECONDS)


def _drip(connection: socket.socket, whole: bytes, body: bytes) -> None:
    connection.sendall(whole[: len(whole) - len(body)])
    for place in range(len(body)):
        connection.sendall(body[place : place + 1])
        time.sleep(STALL_SECONDS / 20)


_BROKEN: dict[str | None, Callable[[socket.socket, bytes, bytes], None]] = {
    "cut": _cut,
    "reset in the middle": _reset_in_the_middle,
    "cut chunks": _cut_chunks,
    "cut without length": _cut_without_length,
    "cut gzip": _cut_gzip,
    "stall": _stall,
    "drip": _drip,
}


def _misspoken(fault: str, document: dict[str, Any], target: str, random: Random) -> Any:
    name = "posts" if "posts" in document else "found"
    posts = list(document.get(name, []))
    match fault:
        case "duplicates":
            document[name] = [*posts, *posts]
        case "shuffled":
            random.shuffle(posts)
            document[name] = posts
        case "no list":
            document["entries"] = document.pop(name, None)
        case "no id":
            document[name] = [*posts[:-1], *({"native": post["id"]} for post in posts[-1:])]
        case "wrong types":
            document[name] = {"0": posts}
        case "same cursor":
            document["next"] = target.partition("cursor=")[2].split("&")[0] or "0"
        case "null":
            return None
    return document


def drawn(seeds: range) -> Iterator[tuple[int, Script]]:
    """Scripts by seed."""
    for seed in seeds:
        yield seed, Script.seeded(seed)
