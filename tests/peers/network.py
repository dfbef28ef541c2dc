"""Bluesky's own network on loopback: directory of identities, personal data server, AppView with its PostgreSQL and Redis."""

from __future__ import annotations

import signal
import time
from dataclasses import dataclass
from pathlib import Path

from tests.peers.installing import Peers
from tests.peers.processes import Child, Stage, as_nobody, free_port, listens, run, until

_START_SECONDS = 180.0
_SETTLE_SECONDS = 120.0


@dataclass
class Network:
    """A running network."""

    pds: str
    appview: str
    child: Child
    settled: int = 0

    def settle(self) -> None:
        """Wait until the AppView has indexed all that was written."""
        self.child.tell("settle")
        self.settled += 1
        until(
            "the AppView has indexed all",
            lambda: f"SETTLED {self.settled}." in self.child.said(),
            seconds=_SETTLE_SECONDS,
            child=self.child,
        )


def start_network(peers: Peers, stage: Stage) -> Network:
    """Start it with empty databases in the stage's folder. Raises PeerError."""
    database, cache = _postgres(peers, stage), _redis(peers, stage)
    ports = {name: free_port() for name in ("PLC", "PDS", "APPVIEW", "OZONE")}
    environment = {
        **{f"PEER_{name}_PORT": str(port) for name, port in ports.items()},
        "PEER_SCHEMA": "run",
        "DB_POSTGRES_URL": database,
        "REDIS_HOST": cache,
        "LOG_ENABLED": "false",
    }
    launcher = (Path(__file__).parent / "network.mjs").read_text()
    child = stage.start(
        "bluesky",
        [peers.node / "bin" / "node", "--input-type=module", "--eval", launcher],
        environment=environment,
        folder=peers.bluesky,
    )
    until("Bluesky's network is up", lambda: "READY" in child.said(), seconds=_START_SECONDS, child=child)
    return Network(f"http://localhost:{ports['PDS']}", f"http://localhost:{ports['APPVIEW']}", child)


def _postgres(peers: Peers, stage: Stage) -> str:
    folder, port = stage.room("postgres"), free_port()
    environment = {"LD_LIBRARY_PATH": peers.libraries}
    run(as_nobody([peers.postgres / "initdb", "-D", folder / "data", "-A", "trust", "-U", "peer", "-N"]), environment=environment)
    settings = {
        "port": port,
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": folder,
        "fsync": "off",
        "max_connections": 200,
    }
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    command = [peers.postgres / "postgres", "-D", folder / "data", *options]
    child = stage.start("postgres", command, environment=environment, end_by=signal.SIGINT, is_nobody=True)
    until("PostgreSQL is up", lambda: "ready to accept connections" in child.said(), child=child)
    return f"postgresql://peer@127.0.0.1:{port}/postgres"


def _redis(peers: Peers, stage: Stage) -> str:
    port = free_port()
    command = [peers.tool("usr/bin/redis-server"), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    child = stage.start("redis", command, environment={"LD_LIBRARY_PATH": peers.libraries})
    until("Redis is up", lambda: listens(port), child=child)
    return f"127.0.0.1:{port}"


def main() -> None:
    """How long the network takes to be up: for whoever sets up a machine."""
    from tests.peers.processes import stage

    began = time.monotonic()
    with stage() as made:
        network = start_network(Peers(Path(".peers").resolve()), made)
        print(f"up in {time.monotonic() - began:.1f} s: {network.appview}")


if __name__ == "__main__":
    main()
