"""Talks to a program that uses an official SDK in the peers' own environment: one JSON line for a call, one for its answer."""

from __future__ import annotations

import json
import os
import select
import subprocess
from pathlib import Path
from typing import Any

from tests.peers.installing import Peers
from tests.peers.processes import DIES_WITH_US, PeerError, Stage

_ROOT = Path(__file__).parents[2]
_CALL_SECONDS = 120.0


def driver_command(peers: Peers, driver: str, *arguments: str) -> list[str]:
    """How a driver is started; its folder must be the project's."""
    return [str(peers.python), "-m", f"tests.peers.drivers.{driver}", *arguments]


class Sdk:
    """A running driver: ``sdk.post(by="ann", text="moss")`` is what its function of that name returns."""

    def __init__(self, peers: Peers, stage: Stage, driver: str, *arguments: str) -> None:
        self._name = driver
        self._log = stage.folder / f"sdk-{driver}.log"
        with self._log.open("ab") as err:
            self._process = subprocess.Popen(  # noqa: S603 - our own program
                [*DIES_WITH_US, *driver_command(peers, driver, *arguments)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=err,
                cwd=_ROOT,
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
