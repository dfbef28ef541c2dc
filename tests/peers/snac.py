"""Two snac servers on loopback, federating with each other: small fediverse servers with parts of Mastodon's REST API."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field

import httpx

from tests.peers.installing import Peers
from tests.peers.processes import Child, PeerError, Stage, as_nobody, free_port, listens, run, until

_THREADS = 16  # with its own count, two on a small machine, it waits for itself when it delivers to itself


@dataclass
class Snac:
    """A running server and its people: name to access token, and to password."""

    port: int
    child: Child
    tokens: dict[str, str] = field(default_factory=dict)
    passwords: dict[str, str] = field(default_factory=dict)

    @property
    def host(self) -> str:
        return f"localhost:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{self.host}"


def start_snac(peers: Peers, stage: Stage, name: str, people: tuple[str, ...]) -> Snac:
    """Start a server with an empty store in the stage's folder, and make its accounts. Raises PeerError."""
    room, port = stage.room(name), free_port()
    data = room / "data"
    environment = {"LD_LIBRARY_PATH": peers.libraries}
    answers = ("127.0.0.1", str(port), f"localhost:{port}", "", "")
    run(as_nobody([peers.snac, "init", data]), environment=environment, told="\n".join(answers) + "\n")
    settings_file = data / "server.json"
    settings = json.loads(settings_file.read_text())
    settings |= {"protocol": "http", "fastcgi": False, "num_threads": _THREADS}
    settings_file.write_text(json.dumps(settings))
    passwords = {}
    for person in people:
        said = run(as_nobody([peers.snac, "adduser", data, person]), environment=environment)
        found = re.search(r"password is (\S+)", said)
        if found is None:
            raise PeerError(f"snac gave {person} no password: {said}")
        passwords[person] = found[1]
        user_file = data / "user" / person / "user.json"
        user_file.write_text(json.dumps({**json.loads(user_file.read_text()), "show_contact_metrics": True}))
    child = stage.start(name, [peers.snac, "httpd", data], environment=environment, is_nobody=True)
    server = Snac(port, child, passwords=passwords)
    until(f"{name} is up", lambda: listens(port), child=child)
    for person, password in passwords.items():
        answer = httpx.post(f"{server.url}/oauth/x-snac-get-token", data={"login": person, "passwd": password}, timeout=30)
        token = re.fullmatch(r"(?:.*<pre>)?\s*([0-9a-f]{16,})\s*(?:</pre>.*)?", answer.text, re.DOTALL)
        if token is None:
            raise PeerError(f"snac gave {person} no token: {answer.status_code} {answer.text[:300]}")
        server.tokens[person] = token[1]
    return server
