"""Reddit lines: golden rows, and the two paths that must agree."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.lake.framing import lines
from pipelines.lake.intake import parse_batch
from pipelines.lake.pseudonyms import Pseudonymiser
from pipelines.platforms.protocol import BadRecord, FileContext, LineBlock, Record
from pipelines.platforms.reddit.parse import PushshiftComments, PushshiftSubmissions

PSEUDONYMS = Pseudonymiser(b"k" * 32)
CONTEXT = FileContext(
    "reddit", "RC.ndjson", "0" * 32, date(2026, 10, 1), datetime(2026, 10, 1, tzinfo=UTC), "date_only", "archive", PSEUDONYMS
)
COMMENT: dict[str, Any] = {
    "id": "abc",
    "author": "Ann",
    "body": "see u/Bob and #Mending https://www.Example.org/a?utm_source=x",
    "created_utc": "1785542400",
    "retrieved_on": 1785600000.0,
    "link_id": "t3_xyz",
    "parent_id": "t1_def",
    "subreddit": "Visiblemending",
    "score": 4,
    "edited": 1785542500.0,
}


def rows_of(payload: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for row in PushshiftComments().parse(Record(payload, 0, 0), CONTEXT):
        found.setdefault(row.table, []).append(row.values)
    return found


def test_a_comment_becomes_a_post_with_its_thread_tags_links_and_mentions() -> None:
    found = rows_of(COMMENT)
    (post,) = found["posts"]
    assert post["post_key"] == PSEUDONYMS.key("reddit", "t1_abc")
    assert post["account_key"] == PSEUDONYMS.key("reddit", "ann")
    assert post["parent_post_key"] == PSEUDONYMS.key("reddit", "t1_def")
    assert post["root_post_key"] == PSEUDONYMS.key("reddit", "t3_xyz")
    assert (post["tags"], post["link_domains"], post["community"]) == (["mending"], ["example.org"], "visiblemending")
    assert post["published_at"] == datetime(2026, 8, 1, tzinfo=UTC)
    assert post["edited_at"] == datetime(2026, 8, 1, 0, 1, 40, tzinfo=UTC)
    assert {edge["interaction_type"] for edge in found["interactions"]} == {"comment", "mention"}
    assert found["post_metrics"][0]["score_count"] == 4
    assert found["vault_posts"][0]["text"] == COMMENT["body"]


def test_a_deleted_author_is_no_account() -> None:
    found = rows_of(COMMENT | {"author": "[deleted]"})
    assert found["posts"][0]["account_key"] is None
    assert "accounts" not in found


def test_a_person_s_own_page_is_no_community() -> None:
    assert rows_of(COMMENT | {"subreddit": "u_ann"})["posts"][0]["community"] is None


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"id": None}, "missing_id"),
        ({"created_utc": None}, "missing_field"),
        ({"created_utc": 32503680000}, "implausible_time"),
        ({"created_utc": -22844592000}, "implausible_time"),
        ({"created_utc": "soon"}, "wrong_type"),
        ({"score": "many"}, "wrong_type"),
        ({"link_id": None}, "missing_id"),
    ],
)
def test_a_line_that_cannot_be_is_refused_with_its_reason(change: dict[str, Any], code: str) -> None:
    with pytest.raises(BadRecord) as refused:
        rows_of(COMMENT | change)
    assert refused.value.code == code


VALUES = st.none() | st.booleans() | st.integers(-(10**12), 10**12) | st.floats(allow_nan=False) | st.text(max_size=40)


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(COMMENT, VALUES)))
def test_no_line_raises_anything_but_a_refusal(change: dict[str, Any]) -> None:
    try:
        rows_of(COMMENT | change)
    except BadRecord:
        return


@given(
    st.lists(
        st.fixed_dictionaries({}, optional={"body": st.text(max_size=60), "author": st.text(max_size=8)}), min_size=1, max_size=20
    )
)
def test_the_block_path_gives_the_rows_of_the_line_path(changes: list[dict[str, Any]]) -> None:
    data = b"".join(json.dumps(COMMENT | change | {"id": f"c{index}"}).encode() + b"\n" for index, change in enumerate(changes))
    import io

    native = PushshiftComments()
    one_by_one = parse_batch(native, lines(io.BytesIO(data)), CONTEXT)
    whole = native.parse_block(LineBlock(data, 0, 0), CONTEXT)
    assert whole.tables == one_by_one.tables
    assert whole.record_hashes.tolist() == one_by_one.record_hashes.tolist()


def test_a_submission_keeps_its_link_and_counters() -> None:
    payload = {
        "id": "s1",
        "title": "A find",
        "author": "ann",
        "created_utc": 1785542400,
        "subreddit": "thrift",
        "url": "https://shop.example/x",
        "num_comments": 3,
        "upvote_ratio": 0.9,
        "promoted": True,
    }
    found = {row.table: row.values for row in PushshiftSubmissions().parse(Record(payload, 0, 0), CONTEXT)}
    assert found["posts"]["link_domains"] == ["shop.example"]
    assert found["posts"]["has_paid_label"] is True
    assert (found["post_metrics"]["comment_count"], found["post_metrics"]["upvote_ratio"]) == (3, 0.9)
