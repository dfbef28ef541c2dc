"""Contracts of an X account's own archive: what is read of it, whose it is, what is recognised and left alone."""

from __future__ import annotations

import json
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given

from pipelines.lake.intake import ingest_night
from pipelines.lake.paths import DataPaths
from pipelines.platforms.protocol import BadRecord, Record, Sample
from pipelines.platforms.registry import PLATFORMS
from pipelines.platforms.x import v2
from pipelines.platforms.x.archive import Archive, ArchiveRest
from pipelines.platforms.x.parse import FORMATS, Messages
from tests.contracts.harness import PSEUDONYMS, chosen, context, drive
from tests.contracts.test_bluesky import JSON
from tests.contracts.test_x import POST, WHEN, key, status


def archive(part: str, *items: Any) -> bytes:
    return f"window.YTD.{part}.part0 = {json.dumps(items, indent=1)}".encode()


def test_an_archive_gives_its_posts_and_its_account_and_its_deleted_posts_as_tombstones() -> None:
    own = status(favorite_count="5", retweet_count="0", full_text="moss #Wall", community_id="77", entities={})
    own.pop("user")
    own.pop("text")
    where = context("x", "archive", "account-11/twitter-2026.zip!data/tweets.js")
    (row,) = drive(Archive(), [archive("tweets", {"tweet": own})], where).of("posts")
    assert (row["post_key"], row["account_key"], row["community"], row["tags"]) == (key(POST), key("11"), "77", ["wall"])
    assert drive(Archive(), [archive("tweets", {"tweet": own})], context("x")).of("posts")[0]["account_key"] is None
    deleted = drive(Archive(), [archive("deleted_tweets", {"tweet": {**own, "deleted_at": WHEN}})], context("x"))
    assert deleted.by_table == {"deletions": 1}
    account = {"email": "a@example.org", "accountId": "11", "username": "ann", "createdAt": "2011-06-23T13:04:14.000Z"}
    outcome = drive(Archive(), [archive("account", {"account": account})], context("x"))
    assert outcome.of("accounts")[0]["handle_key"] == PSEUDONYMS.handle_key("x", "ann")
    assert "example.org" not in repr(outcome.rows)


def test_an_archive_is_read_from_its_zip_and_its_ledger_names_what_is_not_read(tmp_path: Path) -> None:
    folder = tmp_path / "inbox" / "x" / "account-11"
    folder.mkdir(parents=True)
    members = {
        "data/tweets.js": archive("tweets", {"tweet": {**status(), "user": None}}, {"tweet": {"id_str": "1.9E+18"}}),
        "data/account.js": archive("account", {"account": {"accountId": "11", "username": "ann"}}),
        "data/direct-messages.js": archive("direct_messages", {"dmConversation": {"messages": ["secret"]}}),
        "data/manifest.js": b"window.__THAR_CONFIG = {}",
        "Your archive.html": b"<html></html>",
    }
    with zipfile.ZipFile(folder / "twitter-2026-01-02.zip", "w") as bundle:
        for name, content in members.items():
            bundle.writestr(name, content)
    paths = DataPaths(tmp_path / "data")
    night = ingest_night(paths, tmp_path / "inbox", PLATFORMS["x"], date(2026, 11, 20), PSEUDONYMS)
    found = {
        entry.file.rpartition("/")[2]: (entry.source_format, entry.landed_count, entry.quarantined_count) for entry in night.files
    }
    assert found == {
        "tweets.js": ("x_archive", 1, 1),
        "account.js": ("x_archive", 1, 0),
        "direct-messages.js": ("x_archive_not_read", 0, 0),
        "manifest.js": ("x_archive_not_read", 0, 0),
        "twitter-2026-01-02.zip!Your archive.html": (None, 0, 0),
    }
    (file,) = paths.table_root("x", "posts").rglob("*.parquet")
    (row,) = pq.read_table(file, partitioning=None).to_pylist()
    assert (row["account_key"], row["post_key"]) == (key("11"), key(POST))


def test_a_repost_in_an_archive_repeats_the_first_that_it_names() -> None:
    own = status(full_text="RT @ben: moss", entities={"user_mentions": [{"id_str": "22"}]})
    own.pop("user")
    outcome = drive(Archive(), [archive("tweet", {"tweet": own})], context("x"))
    assert [row["post_type"] for row in outcome.of("posts")] == ["repost"]
    assert outcome.of("interactions")[0]["target_account_key"] == key("22")


@pytest.mark.parametrize(
    "info",
    [
        {
            "edit_info": {
                "edit": {
                    "initialTweetId": "1899990000000000000",
                    "editControlInitial": {"editTweetIds": ["1899990000000000000", POST]},
                }
            }
        },
        {"edit_info": {"initial": {"editTweetIds": ["1899990000000000000", POST]}}},
        {"edit_history": {"initial_tweet_id": "1899990000000000000", "edit_tweet_ids": ["1899990000000000000", POST]}},
    ],
)
def test_a_later_version_of_a_post_is_that_post_edited(info: dict[str, Any]) -> None:
    (row,) = drive(Archive(), [archive("tweets", {"tweet": {**status(), "user": None, **info}})], context("x")).of("posts")
    assert (row["post_key"], row["edited_at"].isoformat()) == (key("1899990000000000000"), "2025-03-13T01:44:34+00:00")
    assert row["published_at"] < row["edited_at"]


def test_private_parts_are_recognised_and_not_read() -> None:
    for part in ("direct_messages", "like", "ad_impressions", "follower", "ip_audit"):
        head = archive(part, {"secret": "s"})
        native = chosen(FORMATS, Sample("data/x.js", ".js", head, None))
        assert isinstance(native, ArchiveRest)
        assert drive(native, [head], context("x")).record_count == 0
    message = {"id": 1, "text": "secret", "created_at": "Thu Mar 13 01:44:34 +0000 2025", "sender_id": 1, "recipient_id": 2}
    for document in (message, [message], {"event": {"type": "message_create"}}):
        native = chosen([one for one in FORMATS if one.framing == "json"], Sample("m.json", ".json", b"", document))
        assert isinstance(native, Messages)
        assert drive(native, [document], context("x")).record_count == 0


def test_a_broken_archive_says_what_is_wrong() -> None:
    for document, code in (
        (b"window.YTD.tweets.part0 = [{", "broken_json"),
        (b"window.YTD.tweets.part0 = {}", "unexpected_shape"),
        (b"window.other = []", "unexpected_shape"),
    ):
        assert drive(Archive(), [document], context("x")).by_code == {code: 1}


@given(document=JSON)
def test_arbitrary_json_in_an_archive_is_refused_and_never_breaks_it(document: Any) -> None:
    for part in ("tweets", "account", "deleted_tweets"):
        drive(Archive(), [archive(part, document, {"tweet": document}, {"account": document})], context("x"))
    assert v2.is_page({"data": document}) in {True, False}
    with pytest.raises(BadRecord):
        list(ArchiveRest().parse(Record(document, 0, None), context("x")))
