"""Programs that a test starts and that are surely ended again. Every wait has an end."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

_TELL_BYTES = 2_000
_FOLDERS = "undercurrent-peers-"  # then the number of the process that made it
_SETPRIV = "/usr/bin/setpriv"
DIES_WITH_US = (_SETPRIV, "--pdeathsig=KILL")


class PeerError(Exception):
    """A peer does not do what it should: which, and the end of what it said."""


@dataclass
class Child:
    """A running program."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def said(self) -> str:
        """The end of its log."""
        return self.log.read_bytes()[-_TELL_BYTES:].decode(errors="replace") if self.log.exists() else ""

    def tell(self, line: str) -> None:
        """Write a line to its standard input."""
        assert self.process.stdin is not None
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def stop(self, how: signal.Signals = signal.SIGTERM, within_seconds: float = 20.0) -> None:
        """End it, by force if it does not end by itself."""
        if self.process.poll() is None:
            self.process.send_signal(how)
            try:
                self.process.wait(within_seconds)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if self.process.stdin is not None:
            self.process.stdin.close()


@dataclass
class Stage:
    """A folder for one run of the peers, and the programs that run in it."""

    folder: Path
    children: list[tuple[Child, signal.Signals]] = field(default_factory=list)

    def start(
        self,
        name: str,
        command: Sequence[object],
        *,
        environment: Mapping[str, str] | None = None,
        folder: Path | None = None,
        end_by: signal.Signals = signal.SIGTERM,
        is_nobody: bool = False,
    ) -> Child:
        """Start a program, as root's or as nobody's; the kernel ends it should this process die first."""
        log = self.folder / f"{name}.log"
        with log.open("wb") as out:
            process = subprocess.Popen(  # noqa: S603 - peers and our own programs
                [
                    _SETPRIV,
                    *(_nobody() if is_nobody else ()),
                    f"--pdeathsig={end_by.name.removeprefix('SIG')}",
                    *map(str, command),
                ],
                cwd=folder or self.folder,
                env={**os.environ, **(environment or {})},
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=subprocess.STDOUT,
            )
        child = Child(name, process, log)
        self.children.append((child, end_by))
        return child

    def room(self, name: str) -> Path:
        """A folder for a program that refuses to run as root."""
        folder = self.folder / name
        folder.mkdir()
        if os.geteuid() == 0:
            shutil.chown(folder, "nobody", "nogroup")
        return folder


def _sweep() -> None:
    """Remove what a run that was killed could not remove; the kernel has ended its programs."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_FOLDERS}*-*"):
        owner = folder.name.removeprefix(_FOLDERS).split("-", 1)[0]
        if owner.isdecimal() and not Path("/proc", owner).exists():
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def stage() -> Iterator[Stage]:
    """Everything that was started on it is ended, and its folder with all databases removed."""
    _sweep()
    made = Stage(Path(tempfile.mkdtemp(prefix=f"{_FOLDERS}{os.getpid()}-")))
    made.folder.chmod(0o755)
    try:
        yield made
    finally:
        for child, how in reversed(made.children):
            child.stop(how)
        shutil.rmtree(made.folder, ignore_errors=True)


def as_nobody(command: Sequence[object]) -> list[str]:
    """A command for programs that refuse root."""
    said = [str(part) for part in command]
    return [_SETPRIV, *_nobody(), *said] if _nobody() else said


def _nobody() -> tuple[str, ...]:
    return ("--reuid=nobody", "--regid=nogroup", "--clear-groups") if os.geteuid() == 0 else ()


def run(command: Sequence[object], *, environment: Mapping[str, str] | None = None, told: str = "") -> str:
    """Run a short command; what it printed. Raises PeerError."""
    done = subprocess.run(  # noqa: S603 - peers and our own programs
        [str(part) for part in command],
        env={**os.environ, **(environment or {})},
        input=told,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    if done.returncode:
        raise PeerError(f"{command[0]} ended with {done.returncode}: {(done.stderr or done.stdout)[-_TELL_BYTES:]}")
    return done.stdout


def free_port() -> int:
    """A port of the loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(what: str, check: Callable[[], bool], *, seconds: float = 60.0, child: Child | None = None) -> None:
    """Wait until something holds. Raises PeerError when it does not in time, or when the program that should bring it about has ended."""
    ends_at = time.monotonic() + seconds
    while not check():
        if child is not None and child.process.poll() is not None:
            raise PeerError(f"{child.name} ended with {child.process.returncode}: {child.said()}")
        if time.monotonic() > ends_at:
            raise PeerError(f"{what}: not within {seconds:.0f} s" + (f"; {child.name} said: {child.said()}" if child else ""))
        time.sleep(0.1)


def listens(port: int) -> bool:
    """Whether somebody answers on a port of the loopback."""
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True
