"""Which texts of the vault are counted for a month, and what comes out of it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipelines.lake.paths import DataPaths
from pipelines.lake.schemas import TABLES
from pipelines.lake.words import month_words
from pipelines.lake.writer import write_table

JULY, AUGUST = date(2026, 7, 1), date(2026, 8, 1)
NIGHT, LATER = date(2026, 8, 2), date(2026, 8, 20)
_LANDED = {
    "observed_at": datetime(2026, 8, 2, tzinfo=UTC), "ts_quality": "exact", "collection_method": "manual", "source_format": "f",
    "source_hash": "h", "landed_night": NIGHT, "platform": "bluesky",
}  # fmt: skip


def admit(paths: DataPaths, night: date, *, passed: bool = True) -> None:
    """A night that landed and was judged."""
    write_table(paths.ledger_file("bluesky", night), pa.table({"event_days": pa.array([[night]], pa.list_(pa.date32()))}))
    verdict = {"gate": ["landed"], "table_name": ["bluesky/posts"], "passed": [passed], "severity": ["error"]}
    write_table(paths.gate_log_file(night), pa.table(verdict))


def land(paths: DataPaths, table: str, day: date, night: date, rows: list[dict[str, Any]]) -> None:
    """Rows of one landed file."""
    named = pa.Table.from_pylist([_LANDED | row for row in rows], schema=TABLES[table])
    write_table(paths.table_file("bluesky", table, day, night), named)


def say(paths: DataPaths, day: date, night: date, said: dict[str, str], **post: Any) -> None:
    """Posts of some accounts, one each: the account is the key's first letter."""
    published = datetime(day.year, day.month, day.day, 9, tzinfo=UTC)
    posts = [{"post_key": key, "account_key": key[0], "post_type": "post", "published_at": published} | post for key in said]
    texts = [{"post_key": key, "account_key": key[0], "native_id": key, "text": text} for key, text in said.items()]
    land(paths, "posts", day, night, posts)
    land(paths, "vault_posts", night, night, texts)


def words(paths: DataPaths, month: date) -> dict[str, int]:
    """Accounts that use each term."""
    terms = month_words(paths, month)["term"].to_pylist()
    return {term: terms.count(term) for term in sorted(set(terms))}


def test_words_of_a_month_are_those_that_five_accounts_wrote_in_it(tmp_path: Path) -> None:
    paths = DataPaths(tmp_path)
    admit(paths, NIGHT)
    say(paths, AUGUST, NIGHT, dict.fromkeys("abcde", "linen dress #cottagecore") | {"f": "linen alone", "g": "private matter"})
    assert words(paths, AUGUST) == {"dress": 5, "linen": 6}
    assert words(paths, JULY) == {}


def test_reposts_deleted_posts_and_posts_of_deleted_accounts_are_not_read(tmp_path: Path) -> None:
    paths = DataPaths(tmp_path)
    admit(paths, NIGHT)
    say(paths, AUGUST, NIGHT, dict.fromkeys("abcdefg", "linen"))
    gone = [{"subject_type": "post", "subject_key": "a"}, {"subject_type": "account", "subject_key": "b"}]
    land(paths, "deletions", AUGUST, NIGHT, [row | {"deleted_at": datetime(2026, 8, 1, tzinfo=UTC)} for row in gone])
    assert words(paths, AUGUST) == {"linen": 5}
    say(paths, AUGUST, NIGHT, dict.fromkeys("abcdefg", "linen"), post_type="repost")
    assert words(paths, AUGUST) == {}


def test_the_later_statement_of_a_text_holds_and_no_night_is_read_that_its_gate_refused(tmp_path: Path) -> None:
    paths = DataPaths(tmp_path)
    admit(paths, NIGHT)
    say(paths, AUGUST, NIGHT, dict.fromkeys("abcde", "linen"))
    newer = {"observed_at": datetime(2026, 8, 20, tzinfo=UTC)}
    say(paths, AUGUST, LATER, dict.fromkeys("abcde", "wool"))
    land(paths, "vault_posts", LATER, LATER, [{"post_key": key, "native_id": key, "text": "wool"} | newer for key in "abcde"])
    admit(paths, LATER, passed=False)
    assert words(paths, AUGUST) == {"linen": 5}
    admit(paths, LATER)
    assert words(paths, AUGUST) == {"wool": 5}


def test_a_month_whose_texts_have_left_the_vault_has_no_words(tmp_path: Path) -> None:
    paths = DataPaths(tmp_path)
    admit(paths, NIGHT)
    say(paths, AUGUST, NIGHT, dict.fromkeys("abcde", "linen"))
    paths.table_file("bluesky", "vault_posts", NIGHT, NIGHT).unlink()
    assert words(paths, AUGUST) == {}
