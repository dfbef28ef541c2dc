"""Nights of landed rows drawn at random, with everything that reaches beyond its own day: late profiles, deletions, edited times, late parents."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from pipelines.lake.paths import DataPaths
from pipelines.lake.schemas import LEDGER, TABLES
from pipelines.lake.writer import event_days, write_table
from pipelines.nightly.outlets import SCHEMA as OUTLET_KEYS
from pipelines.quality.results import GateResult, log_results

BEGIN = datetime(2026, 7, 20, tzinfo=UTC)
DAY_COUNT = 60
TAGS = ("sage", "thyme", "rue", "mint", "dill")
# Other spellings, one of which the seed of aliases joins to a tag that nobody uses.
SPELLED = {"thyme": "th_yme", "sage": "sages", "dill": "do_it_yourself"}


def _key(kind: str, number: int) -> str:
    return f"{kind}{number:031d}"


class LakeOfChance:
    """Writes seeded nights of one social platform, one feed and one archive of news straight into the lake, as the intake would leave them."""

    def __init__(self, data: Path, seed: int, account_count: int = 40) -> None:
        self.paths = DataPaths(data)
        self._draw = np.random.default_rng(seed)
        self._accounts = account_count
        self._posts: list[dict[str, Any]] = []
        self._interactions: list[dict[str, Any]] = []
        self._items: list[int] = []
        self._has_archive = False

    @staticmethod
    def outlet_keys() -> pa.Table:
        """What the seed of outlets would say of four of the accounts: two by their handle, two by their own key."""
        rows = [
            {
                "platform": "bluesky",
                "key_kind": kind,
                "key": _key(kind[0], number),
                "outlet_name": "Soap",
                "outlet_class": outlet_class,
            }
            for number, (kind, outlet_class) in enumerate(
                [("handle", "brand"), ("handle", "media"), ("account", "brand"), ("account", "media")]
            )
        ]
        return pa.Table.from_pylist(rows, OUTLET_KEYS)

    def night(self, night: date, post_count: int = 150) -> None:
        """Land one night: new posts on any day so far, and things that change rows of other days."""
        moment = datetime(night.year, night.month, night.day, 23, tzinfo=UTC)
        tables = {
            "accounts": self._profiles(moment),
            "posts": [self._post(moment) for _ in range(post_count)] + self._archived(moment) + self._edited(moment),
            "post_metrics": self._counters(moment),
            "interactions": [self._interaction(moment) for _ in range(post_count)],
            "deletions": self._deletions(moment),
        }
        items = list({item["item_key"]: item for item in (self._item(moment) for _ in range(5))}.values())
        self._land("bluesky", night, tables)
        self._land("feeds", night, {"mainstream_items": items})
        # Another archive lists some of the same items, at other times and without a title.
        listed = {item["item_key"]: item | {"title": None} for item in (self._item(moment) for _ in range(5))}
        self._land("gdelt", night, {"mainstream_items": list(listed.values())})

    def _any(self, count: int) -> int:
        return int(self._draw.integers(count))

    def _time(self, before: datetime) -> datetime:
        # Mostly the last days, sometimes any day: an archive, a late delivery.
        reach = 3 if self._any(4) else (before - BEGIN).days
        return max(BEGIN, before - timedelta(seconds=self._any(reach * 86_400) + 1))

    def _profiles(self, moment: datetime) -> list[dict[str, Any]]:
        rows = []
        for account in self._draw.choice(self._accounts, self._accounts // 3, replace=False).tolist():
            friend = account ^ 1
            rows.append(
                {
                    "account_key": _key("a", account),
                    "handle_key": _key("h", account),
                    "declared_handle_keys": [_key("h", friend)] if self._any(2) else [],
                    "followers_count": int(10 ** self._draw.uniform(1, 6.3)),
                    "actor_class": "bot" if not self._any(12) else None,
                    "observed_at": self._time(moment),
                }
            )
        return rows

    def _post(self, moment: datetime) -> dict[str, Any]:
        row = {
            "post_key": _key("p", len(self._posts)),
            "account_key": _key("a", self._any(self._accounts)) if self._any(20) else None,
            "post_type": ("post", "reply", "repost")[self._any(3)],
            "published_at": self._time(moment),
            "tags": self._spelled([TAGS[self._any(5)], TAGS[self._any(5)]]) if self._any(3) else None,
            "link_domains": ["herbs.example", f"{len(self._posts) % 7}.example"] if len(self._posts) % 3 == 0 else None,
            "link_keys": [_key("l", len(self._posts) % 2)] if len(self._posts) % 3 == 0 else None,
            "sound_key": _key("s", len(self._posts) % 5) if len(self._posts) % 4 == 0 else None,
            "community": f"c{self._any(3)}" if not self._any(4) else None,
            "observed_at": moment,
        }
        self._posts.append(row)
        return row

    def _spelled(self, tags: list[str]) -> list[str]:
        return [SPELLED.get(tag, tag) for tag in tags] if len(self._posts) % 6 == 0 else tags

    def _archived(self, moment: datetime) -> list[dict[str, Any]]:
        """Posts from before all rate windows: an archive shows that accounts were there long before they were first seen."""
        begin, count = (BEGIN - timedelta(days=90), 1) if not self._has_archive else (BEGIN - timedelta(days=60), 3)
        for _ in range(count):
            self._posts.append(self._post(moment) | {"published_at": begin + timedelta(days=self._any(10)), "tags": None})
            del self._posts[-2]
        self._has_archive = True
        return self._posts[-count:]

    def _edited(self, moment: datetime) -> list[dict[str, Any]]:
        if not self._posts:
            return []
        rows = []
        for _ in range(4):
            number = self._any(len(self._posts))
            self._posts[number] = self._posts[number] | {"published_at": self._time(moment), "observed_at": moment}
            rows.append(self._posts[number])
        return list({row["post_key"]: row for row in rows}.values())

    def _counters(self, moment: datetime) -> list[dict[str, Any]]:
        rows = {}
        for number in self._draw.integers(len(self._posts), size=60).tolist():
            post = self._posts[number]
            rows[number] = {
                "post_key": post["post_key"],
                "published_at": post["published_at"] if self._any(3) else None,
                "like_count": self._any(500) if self._any(5) else None,
                "comment_count": self._any(50),
                "observed_at": moment - timedelta(minutes=self._any(600)),
            }
        return list(rows.values())

    def _interaction(self, moment: datetime) -> dict[str, Any]:
        # The post that is answered may land in a later night, or never.
        target = self._any(len(self._posts) + 40)
        row = {
            "interaction_key": _key("i", len(self._interactions)),
            "interaction_type": ("reply", "like", "mention")[self._any(3)],
            "source_account_key": _key("a", self._any(self._accounts)),
            "target_account_key": _key("a", self._any(self._accounts)) if self._any(2) else None,
            "post_key": _key("p", self._any(len(self._posts))) if self._any(2) else None,
            "target_post_key": _key("p", target),
            "interacted_at": self._time(moment),
            "observed_at": moment,
        }
        self._interactions.append(row)
        return row

    def _deletions(self, moment: datetime) -> list[dict[str, Any]]:
        subjects = {("post", _key("p", self._any(len(self._posts)))) for _ in range(5)}
        subjects |= {("interaction", _key("i", self._any(len(self._interactions) or 1))) for _ in range(2)}
        if not self._any(2):
            subjects.add(("account", _key("a", self._any(self._accounts))))
        return [
            {"subject_type": kind, "subject_key": key, "deleted_at": moment, "observed_at": moment}
            for kind, key in sorted(subjects)
        ]

    def _item(self, moment: datetime) -> dict[str, Any]:
        # One in four is an item that was there before, under another time.
        number = self._any(10**9) if self._any(4) or not self._items else self._items[self._any(len(self._items))]
        self._items.append(number)
        return {
            "item_key": _key("n", number),
            "outlet_key": _key("o", number % 3),
            "outlet_name": "an outlet",
            "outlet_class": "media",
            "published_at": self._time(moment),
            "title": "an item" if self._any(3) else None,
            "title_terms": [TAGS[number % 5]],
            "observed_at": moment,
        }

    def _land(self, platform: str, night: date, tables: dict[str, list[dict[str, Any]]]) -> None:
        days: set[date] = set()
        stamp = {
            "platform": platform,
            "ts_quality": "exact",
            "collection_method": "firehose",
            "source_format": "chance",
            "source_hash": night.isoformat(),
            "landed_night": night,
        }
        for table, rows in tables.items():
            landed = pa.Table.from_pylist([row | stamp for row in rows], TABLES[table])
            of_rows = event_days(table, landed)
            for day in sorted(set(of_rows.to_pylist())):
                mask = pa.array([each == day for each in of_rows.to_pylist()])
                write_table(self.paths.table_file(platform, table, day, night), landed.filter(mask))
                days.add(day)
        entry = {name: 0 for name in LEDGER.names if name.endswith("_count")} | {
            "night": night,
            "platform": platform,
            "file": "chance",
            "source_hash": night.isoformat(),
            "status": "ingested",
            "row_counts": [],
            "event_days": sorted(days),
        }
        write_table(self.paths.ledger_file(platform, night), pa.Table.from_pylist([entry], LEDGER))
        judged = GateResult(night, "chance", "landed", platform, "quarantined share of records", "reconciliation", passed=True)
        log_results(self.paths, night, [judged])
