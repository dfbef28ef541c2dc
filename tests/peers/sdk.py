"""Talks to a program that uses an official SDK in the peers' own environment: one JSON line for a call, one for its answer."""

from __future__ import annotations

import json
import select
from pathlib import Path
from typing import Any

from tests.peers.installing import Peers
from tests.peers.processes import PeerError, Stage

_DRIVERS = Path(__file__).parent / "drivers"
_CALL_SECONDS = 120.0


class Sdk:
    """A running driver: ``sdk.post(by="ann", text="moss")`` is what its function of that name returns."""

    def __init__(self, peers: Peers, stage: Stage, driver: str, *arguments: str) -> None:
        import os
        import subprocess

        self._name = driver
        self._log = stage.folder / f"sdk-{driver}.log"
        with self._log.open("ab") as err:
            self._process = subprocess.Popen(
                ["setpriv", "--pdeathsig=KILL", str(peers.python), str(_DRIVERS / f"{driver}.py"), *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=err,
                env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
            )

    def close(self) -> None:
        """End it."""
        self._process.kill()
        self._process.communicate()

    def __getattr__(self, name: str) -> Any:
        def call(**arguments: Any) -> Any:
            return self._call(name, arguments)

        return call

    def _call(self, name: str, arguments: dict[str, Any]) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([name, arguments]).encode() + b"\n")
        self._process.stdin.flush()
        if not select.select([self._process.stdout], [], [], _CALL_SECONDS)[0]:
            raise PeerError(f"{self._name}.{name}: no answer within {_CALL_SECONDS:.0f} s")
        line = self._process.stdout.readline()
        if not line:
            raise PeerError(f"{self._name} ended: {self._log.read_text()[-2000:]}")
        answer = json.loads(line)
        if "error" in answer:
            raise PeerError(f"{self._name}.{name}: {answer['error']}")
        return answer["value"]
