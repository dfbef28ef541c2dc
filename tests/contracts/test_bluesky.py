"""Contracts of the Bluesky formats: pinned counts on captures, rows of hand-written payloads, arbitrary input."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.platforms.bluesky.parse import FORMATS, Feed, Jetstream, Profiles, Thread
from pipelines.platforms.protocol import Sample
from tests.contracts.harness import PSEUDONYMS, REALDATA, chosen, context, drive

ANN, BEN = "did:plc:ann", "did:plc:ben"
POST_URI = f"at://{ANN}/app.bsky.feed.post/one"
PARENT_URI = f"at://{BEN}/app.bsky.feed.post/two"
SEEN = datetime(2026, 7, 4, 12, 0, 0, 500, tzinfo=UTC)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def key(native_id: str) -> str:
    return PSEUDONYMS.key("bluesky", native_id)


def commit(operation: str, collection: str, record: Any = None, rkey: str = "one") -> dict[str, Any]:
    body = {"operation": operation, "collection": collection, "rkey": rkey, "rev": "r", "record": record}
    return {"did": ANN, "time_us": int(SEEN.timestamp() * 1_000_000), "kind": "commit", "commit": body}


def reply_record(created_at: str = "2026-07-04T11:59:58Z") -> dict[str, Any]:
    return {
        "$type": "app.bsky.feed.post",
        "text": "look #Moss",
        "createdAt": created_at,
        "langs": ["en-GB"],
        "reply": {"root": {"uri": PARENT_URI}, "parent": {"uri": PARENT_URI}},
        "facets": [
            {"features": [{"$type": "app.bsky.richtext.facet#mention", "did": BEN}]},
            {"features": [{"$type": "app.bsky.richtext.facet#link", "uri": "https://www.example.org/a/?utm_source=x"}]},
        ],
        "labels": {"values": [{"val": "nudity"}]},
    }


@pytest.mark.realdata
@pytest.mark.skipif(not REALDATA.exists(), reason="no real records here")
def test_every_event_of_the_capture_lands_or_is_quarantined_with_a_reason() -> None:
    lines = (REALDATA / "bluesky_jetstream" / "expected_v1.jsonl").read_text("utf-8").splitlines()
    events = [json.loads(line) for line in lines]
    operations = [event.get("commit", {}).get("operation", event["kind"]) for event in events]
    assert {name: operations.count(name) for name in sorted(set(operations))} == {
        "account": 1,
        "create": 144,
        "delete": 4,
        "identity": 1,
        "update": 2,
    }
    outcome = drive(Jetstream(), events, context("bluesky", "firehose"))
    assert outcome.record_count == 152
    assert outcome.by_code == {"unsupported_collection": 3}
    assert outcome.by_table == {
        "interactions": 128,
        "posts": 32,
        "vault_posts": 17,
        "deletions": 4,
        "follows": 6,
        "accounts": 2,
        "vault_accounts": 2,
    }


def test_a_reply_gives_its_post_and_its_edges() -> None:
    outcome = drive(Jetstream(), [commit("create", "app.bsky.feed.post", reply_record())], context("bluesky", "firehose"))
    (post,) = outcome.of("posts")
    assert post["post_key"] == key(POST_URI)
    assert post["account_key"] == key(ANN)
    assert post["post_type"] == "reply"
    assert post["published_at"] == datetime(2026, 7, 4, 11, 59, 58, tzinfo=UTC)
    assert (post["observed_at"], post["ts_quality"]) == (SEEN, "exact")
    assert (post["parent_post_key"], post["root_post_key"]) == (key(PARENT_URI), key(PARENT_URI))
    assert (post["language"], post["tags"], post["link_domains"]) == ("en", ["moss"], ["example.org"])
    assert post["is_sensitive"] is True
    assert post["edited_at"] is None
    edges = {edge["interaction_type"]: edge for edge in outcome.of("interactions")}
    assert set(edges) == {"reply", "mention"}
    assert edges["reply"]["target_account_key"] == key(BEN)
    assert edges["reply"]["target_post_key"] == key(PARENT_URI)


def test_an_update_of_a_post_says_when_it_was_edited() -> None:
    outcome = drive(Jetstream(), [commit("update", "app.bsky.feed.post", reply_record())], context("bluesky"))
    assert outcome.of("posts")[0]["edited_at"] == SEEN


def test_a_backdated_post_is_dated_by_the_network() -> None:
    record = reply_record("2024-01-01T00:00:00Z")
    (post,) = drive(Jetstream(), [commit("create", "app.bsky.feed.post", record)], context("bluesky")).of("posts")
    assert (post["published_at"], post["ts_quality"]) == (SEEN, "imputed")


@pytest.mark.parametrize(
    ("collection", "subject", "table", "column"),
    [
        ("app.bsky.feed.like", {"uri": PARENT_URI}, "interactions", "interaction_key"),
        ("app.bsky.feed.repost", {"uri": PARENT_URI}, "posts", "post_key"),
        ("app.bsky.graph.follow", BEN, "follows", "follow_key"),
    ],
)
def test_a_delete_carries_the_key_that_the_create_had(collection: str, subject: Any, table: str, column: str) -> None:
    record = {"subject": subject, "createdAt": "2026-07-04T11:59:58Z"}
    created = drive(Jetstream(), [commit("create", collection, record)], context("bluesky"))
    deleted = drive(Jetstream(), [commit("delete", collection)], context("bluesky"))
    assert created.of(table)[0][column] == deleted.of("deletions")[0]["subject_key"] == key(f"at://{ANN}/{collection}/one")


def test_a_deleted_account_gives_a_status_and_a_tombstone() -> None:
    event = {"did": ANN, "time_us": 1_783_000_000_000_000, "kind": "account", "account": {"active": False, "status": "deleted"}}
    outcome = drive(Jetstream(), [event], context("bluesky"))
    assert outcome.of("accounts")[0]["status"] == "deleted"
    assert outcome.of("deletions")[0]["subject_key"] == key(ANN)


VIEW: dict[str, Any] = {
    "uri": POST_URI,
    "author": {"did": ANN, "handle": "ann.example"},
    "record": {"text": "hi", "createdAt": "2026-07-04T11:00:00Z"},
    "indexedAt": "2026-07-04T11:00:01Z",
    "likeCount": 3,
    "replyCount": 0,
}


def test_both_spellings_of_a_feed_give_the_same_rows() -> None:
    snake = {
        "uri": POST_URI,
        "author": {"did": ANN, "handle": "ann.example"},
        "record": {"text": "hi", "created_at": "2026-07-04T11:00:00Z", "langs": None, "py_type": "app.bsky.feed.post"},
        "indexed_at": "2026-07-04T11:00:01Z",
        "like_count": 3,
        "reply_count": 0,
    }
    rows = [drive(Feed(), [{"feed": [{"post": post, "reason": None}]}], context("bluesky")).rows for post in (VIEW, snake)]
    assert rows[0] == rows[1]
    (metrics,) = [row.values for row in rows[0] if row.table == "post_metrics"]
    assert (metrics["like_count"], metrics["comment_count"], metrics["quote_count"]) == (3, 0, None)


def test_a_thread_lands_every_node_and_names_the_gaps() -> None:
    gone = {"$type": "app.bsky.feed.defs#notFoundPost", "uri": PARENT_URI, "notFound": True}
    blocked = {"uri": PARENT_URI, "blocked": True, "author": {"did": BEN}}
    tree = {"thread": {"post": VIEW, "parent": gone, "replies": [{"post": VIEW, "replies": [{"post": VIEW}]}, blocked]}}
    outcome = drive(Thread(), [tree], context("bluesky"))
    assert outcome.record_count == 5
    assert len(outcome.of("posts")) == 3
    assert outcome.of("deletions")[0]["reason"] == "not_found"
    assert outcome.by_code == {"blocked": 1}


def test_only_a_profile_over_one_million_followers_keeps_its_name() -> None:
    profiles = [{"did": ANN, "handle": "ann.example", "followersCount": n, "displayName": "Ann"} for n in (1_000_000, 1_000_001)]
    outcome = drive(Profiles(), [{"profiles": profiles}], context("bluesky"))
    assert [account["public_name"] for account in outcome.of("accounts")] == [None, "Ann"]


def test_an_error_body_is_quarantined_as_such() -> None:
    body = {"error": "InvalidRequest", "message": "Profile not found"}
    native = chosen(FORMATS, Sample("x.json", ".json", b"", body))
    assert native is not None
    assert drive(native, [body], context("bluesky")).by_code == {"error_response": 1}


def test_a_gap_of_a_stream_is_coverage_of_the_days_it_touches_with_the_minutes_that_are_missing() -> None:
    begins = datetime(2026, 7, 4, 23, 0, tzinfo=UTC)
    gap = {
        "stream": "jetstream",
        "begins": int(begins.timestamp()) * 1_000_000,
        "ends": (int(begins.timestamp()) + 5_400) * 1_000_000,
    }
    native = chosen(FORMATS, Sample("jetstream-gap.json", ".json", b"", {"undercurrent_gap": gap}))
    assert native is not None
    rows = drive(native, [{"undercurrent_gap": gap}], context("bluesky", "firehose")).of("coverage")
    assert [(row["covered_on"].isoformat(), row["got_count"], row["expected_count"]) for row in rows] == [
        ("2026-07-04", 0, 60),
        ("2026-07-05", 0, 30),
    ]
    wrong = [None, {}, gap | {"ends": gap["begins"]}, gap | {"begins": "soon"}, gap | {"stream": ""}]
    assert sum(drive(native, [{"undercurrent_gap": one} for one in wrong], context("bluesky")).by_code.values()) == len(wrong)


@given(document=JSON, wrap=st.sampled_from(["", "feed", "post", "thread", "profiles", "posts", "commit", "record"]))
def test_arbitrary_json_is_refused_and_never_breaks_a_format(document: Any, wrap: str) -> None:
    value = {wrap: document} if wrap else document
    event = {"did": ANN, "time_us": 1_783_000_000_000_000, "kind": "commit", "commit": document}
    made = commit("create", "app.bsky.feed.post", document)
    odd = {**event, "commit": {"operation": document, "collection": "app.bsky.feed.post", "rkey": "one"}}
    for native in FORMATS:
        native.matches(Sample("x", "", b"", value))
        drive(native, [value, [value], {wrap: [value]}, event, made, odd], context("bluesky"))
