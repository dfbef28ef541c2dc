"""Where an installation's folders are and which clock its schedule follows, from the environment. No other module reads it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pipelines.lake.limits import Limits
from pipelines.lake.paths import DataPaths

PROJECT: Final = Path(__file__).parents[1]
DBT_PROJECT: Final = PROJECT / "dbt_project"


class SettingsError(ValueError):
    """A variable of the environment holds what it cannot mean."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Folders and schedule of an installation."""

    data: Path
    inbox: Path
    watchlist: Path
    time_zone: str
    parse_workers: int
    limits: Limits

    @property
    def paths(self) -> DataPaths:
        """Paths below the data folder."""
        return DataPaths(self.data)


def from_environment() -> Settings:
    """Settings from ``UNDERCURRENT_DATA``, ``_INBOX``, ``_WATCHLIST``, ``_TIME_ZONE`` and ``_WORKERS``.

    Limits of opened files are ``UNDERCURRENT_MOST_BYTES``, ``UNDERCURRENT_MOST_SWELLING`` and ``UNDERCURRENT_MOST_MEMBERS``.

    Raises:
        SettingsError: a variable holds what it cannot mean.
    """
    data = Path(os.environ.get("UNDERCURRENT_DATA") or PROJECT / "data" / "run").resolve()
    inbox = Path(os.environ.get("UNDERCURRENT_INBOX") or data / "inbox").resolve()
    # dbt reads the same variable: it must see the absolute path, whatever its working directory.
    os.environ["UNDERCURRENT_DATA"] = str(data)
    watchlist = Path(os.environ.get("UNDERCURRENT_WATCHLIST") or DataPaths(data).watchlist).resolve()
    return Settings(data, inbox, watchlist, _time_zone(), _workers(), _limits())


def _time_zone() -> str:
    name = os.environ.get("UNDERCURRENT_TIME_ZONE") or "UTC"
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise SettingsError(f"UNDERCURRENT_TIME_ZONE is {name!r}, which is no time zone; give one as Europe/Berlin") from None
    return name


def _workers() -> int:
    return _whole_number("UNDERCURRENT_WORKERS", min(2, os.cpu_count() or 1), "processes")


def _limits() -> Limits:
    usual = Limits()
    return Limits(
        most_bytes=_whole_number("UNDERCURRENT_MOST_BYTES", usual.most_bytes, "bytes that one file may become"),
        most_swelling=_whole_number("UNDERCURRENT_MOST_SWELLING", usual.most_swelling, "times that one file may grow"),
        most_members=_whole_number("UNDERCURRENT_MOST_MEMBERS", usual.most_members, "members of one archive"),
    )


def _whole_number(variable: str, usual: int, of_what: str) -> int:
    text = os.environ.get(variable) or str(usual)
    if not text.isdecimal() or int(text) < 1:
        raise SettingsError(f"{variable} is {text!r}; give a number of {of_what} from 1")
    return int(text)
