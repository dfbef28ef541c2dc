"""Makes days of Bluesky Jetstream events and profiles for benchmarks: tags that come and go, accounts of all sizes. Synthetic text only."""

from __future__ import annotations

import gzip
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np

_ACCOUNTS: Final = 4_000
_GENERAL_TAGS: Final = 300
_TREND_LIFE_DAYS: Final = 30
_DAYS_BETWEEN_TRENDS: Final = 4
_TEXT: Final = "A note on what came of it today, and what did not."
_LETTERS: Final = np.array(list("abcdefghijklmnopqrstuvwxyz234567"))


class History:
    """The same days for the same seed, whatever the range asked for: day N does not depend on how many came before it."""

    def __init__(self, first: date, posts_a_day: int, seed: int = 1) -> None:
        self._first, self._posts_a_day, self._seed = first, posts_a_day, seed
        draw = np.random.default_rng((seed, 0))
        self._names = ["did:plc:" + "".join(draw.choice(_LETTERS, 24)) for _ in range(_ACCOUNTS)]
        self._followers = (10 ** draw.normal(3.2, 0.9, _ACCOUNTS)).astype(int)
        weight = draw.pareto(1.6, _ACCOUNTS) + 0.2
        self._weight = weight / weight.sum()
        popularity = 1 / np.arange(1, _GENERAL_TAGS + 1)
        self._popularity = popularity / popularity.sum()

    def write(self, inbox: Path, first: date, last: date) -> int:
        """Write one file of events a day, and profiles on the first day and each month's first. Returns the number of posts."""
        folder = inbox / "bluesky"
        folder.mkdir(parents=True, exist_ok=True)
        day = first
        while day <= last:
            if day in (self._first, day.replace(day=1)):
                self._write_profiles(folder, day)
            self._write_events(folder, day)
            day += timedelta(days=1)
        return ((last - first).days + 1) * self._posts_a_day

    def write_profiles(self, inbox: Path, day: date) -> None:
        """Write the profiles of all accounts as of a day."""
        self._write_profiles(inbox / "bluesky", day)

    def _write_profiles(self, folder: Path, day: date) -> None:
        growth = 1.02 ** ((day - self._first).days / 30)
        for page in range(0, _ACCOUNTS, 1000):
            profiles = [
                {
                    "did": self._names[number],
                    "handle": f"person{number}.example.com",
                    "followersCount": int(self._followers[number] * growth),
                    "followsCount": 100,
                    "postsCount": 10,
                }
                for number in range(page, page + 1000)
            ]
            (folder / f"getProfiles-{page}-{day}.json").write_bytes(msgspec.json.encode({"profiles": profiles}))

    def _write_events(self, folder: Path, day: date) -> None:
        number = (day - self._first).days
        draw = np.random.default_rng((self._seed, 1, number))
        count = self._posts_a_day
        seconds = np.sort(draw.integers(0, 86_400, count)).tolist()
        authors = draw.choice(_ACCOUNTS, count, p=self._weight).tolist()
        general = draw.choice(_GENERAL_TAGS, count, p=self._popularity).tolist()
        alive = number // _DAYS_BETWEEN_TRENDS - np.arange(_TREND_LIFE_DAYS // _DAYS_BETWEEN_TRENDS)
        trends = draw.choice(alive, count).tolist()
        is_trendy = (draw.random(count) < 0.06).tolist()
        encoder = msgspec.json.Encoder()
        midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
        lines = []
        for index in range(count):
            tag = f"wave{trends[index]}" if is_trendy[index] and trends[index] >= 0 else f"topic{general[index]}"
            moment = midnight + timedelta(seconds=seconds[index])
            lines.append(
                encoder.encode(created(self._names[authors[index]], f"{number:05d}{index:08d}", moment, f"{_TEXT} #{tag}"))
            )
        (folder / f"jetstream-{day}.jsonl.gz").write_bytes(gzip.compress(b"\n".join(lines) + b"\n", 1, mtime=0))


def created(author: str, key: str, moment: datetime, text: str) -> dict[str, Any]:
    """A Jetstream event that creates a post."""
    record = {
        "$type": "app.bsky.feed.post",
        "createdAt": moment.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "langs": ["en"],
        "text": text,
    }
    commit = {
        "rev": key,
        "operation": "create",
        "collection": "app.bsky.feed.post",
        "rkey": key,
        "record": record,
        "cid": f"b{key}",
    }
    return {"did": author, "time_us": int(moment.timestamp() * 1_000_000), "kind": "commit", "commit": commit}
