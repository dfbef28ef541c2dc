"""Reddit lines: golden rows, and the two paths that must agree."""

from __future__ import annotations

import io
import json
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.lake.blocks import parse_block
from pipelines.lake.framing import LineBlock, lines
from pipelines.lake.pseudonyms import Pseudonymiser
from pipelines.lake.records import BlockResult, parse_batch
from pipelines.platforms.protocol import BadRecord, FileContext, Record
from pipelines.platforms.reddit.parse import PushshiftComments, PushshiftSubmissions
from tests.contracts.harness import REALDATA

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


def both_paths(native: PushshiftComments | PushshiftSubmissions, data: bytes) -> tuple[BlockResult, BlockResult]:
    """The block path and the line path over the same lines."""
    return parse_block(native, LineBlock(data, 0), CONTEXT), parse_batch(native, lines(io.BytesIO(data)), CONTEXT)


def assert_same(whole: BlockResult, one_by_one: BlockResult) -> None:
    assert whole.tables.keys() == one_by_one.tables.keys()
    for name, rows in whole.tables.items():
        rows.validate(full=True)
        assert rows.equals(one_by_one.tables[name]), name
    assert whole.record_indexes.tolist() == one_by_one.record_indexes.tolist()
    assert whole.record_hashes.tolist() == one_by_one.record_hashes.tolist()
    assert list(whole.quarantined) == list(one_by_one.quarantined)
    assert whole.record_count == one_by_one.record_count


def test_a_heading_is_no_hashtag() -> None:
    found = rows_of(COMMENT | {"body": "##General Information\nnow in #thrift\n### Rules"})
    assert found["posts"][0]["tags"] == ["thrift"]


SUBMISSION: dict[str, Any] = {
    "id": "s1",
    "title": "A find",
    "selftext": "see u/Bob, http://www.example.org/b#c",
    "author": "Ann",
    "created_utc": 1785542400,
    "subreddit": "thrift",
    "url": "https://shop.example/x",
    "num_comments": 3,
    "num_crossposts": 1,
    "upvote_ratio": 0.9,
    "promoted": True,
    "over_18": False,
    "crosspost_parent": "t3_abc",
    "is_self": False,
    "post_hint": "image",
}


@pytest.mark.parametrize("change", [{"upvote_ratio": 1.5}, {"num_comments": -1}, {"num_crossposts": -3}])
def test_a_count_below_zero_or_a_share_above_one_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(BadRecord) as refused:
        list(PushshiftSubmissions().parse(Record(SUBMISSION | change, 0, 0), CONTEXT))
    assert refused.value.code == "wrong_type"


TEXTS = st.text(max_size=30) | st.sampled_from(
    [
        "#Mending #\uff03x \uff03vintage",
        "\uff03vintage",
        "u/ann /u/Bob u/ann",
        "HTTP://WWW.example.org:80/a https://b.example",
        "t1_x",
        "t3_y",
        "[deleted]",
        "[removed]",
        "a &amp;amp; b &lt;#moss&gt; https://c.example/?a=1&amp;b=2 &eacute;",
        "",
    ]
)
TIMES = (
    st.integers(631_000_000, 1_785_800_000)
    | st.floats(1_785_000_000, 1_785_700_000)
    | st.integers(631_000_000, 1_785_700_000).map(str)
    | st.sampled_from(
        ["1_785_542_400", " 1785542400 ", "nan", "inf", "soon", -1, 0, 32503680000, 1e300, 1785542400.0000005, True, None]
    )
)
VALUE = VALUES | TEXTS | TIMES
METAS = st.none() | st.fixed_dictionaries(
    {}, optional={"retrieved_2nd_on": TIMES, "removal_type": TEXTS | st.none(), "was_deleted_later": st.none() | st.booleans()}
)


def changed(payload: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Payloads of which some are ordinary with other texts, some have odd times and ids, some have anything anywhere."""
    times = dict.fromkeys(("created_utc", "retrieved_on", "retrieved_utc", "edited", "author_created_utc"), TIMES)
    texts = dict.fromkeys(
        ("body", "title", "selftext", "author", "link_id", "parent_id", "id", "url", "subreddit", "removed_by_category"), TEXTS
    )
    written = st.fixed_dictionaries({}, optional={name: TEXTS for name in texts if name not in {"id", "link_id"}})
    likely = st.fixed_dictionaries({}, optional={**times, **texts, "_meta": METAS})
    wild = st.fixed_dictionaries({}, optional=dict.fromkeys([*payload, "_meta", "not_read"], VALUE))
    return st.one_of(written, likely, wild).map(lambda change: payload | change)


@pytest.mark.parametrize(("native", "payload"), [(PushshiftComments(), COMMENT), (PushshiftSubmissions(), SUBMISSION)])
@given(data=st.data())
def test_a_block_gives_the_rows_and_refusals_of_its_lines(
    native: PushshiftComments | PushshiftSubmissions, payload: dict[str, Any], data: st.DataObject
) -> None:
    payloads = data.draw(st.lists(changed(payload), min_size=1, max_size=12))
    raw = b"".join(json.dumps(each | {"n": number}).encode() + b"\n" for number, each in enumerate(payloads))
    assert_same(*both_paths(native, raw))


@given(data=st.data())
def test_a_block_of_lines_with_damaged_bytes_gives_what_its_lines_give(data: st.DataObject) -> None:
    damaged = []
    for number in range(data.draw(st.integers(1, 6))):
        line = bytearray(json.dumps(COMMENT | {"id": f"c{number}", "not_read": ["a\u00e9", 1.5]}, ensure_ascii=False).encode())
        for _ in range(data.draw(st.integers(0, 3))):
            place = data.draw(st.integers(0, len(line) - 1))
            line[place : place + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=2))
        damaged.append(bytes(line))
    assert_same(*both_paths(PushshiftComments(), b"\n".join(damaged)))


@pytest.mark.parametrize(
    "field",
    [
        b'"not_read": "\xff"',
        b'"not_read": 1e999',
        b'"not_read": "\\ud800"',
        b'"score": 9223372036854775808',
        b'"score": -9223372036854775809',
        b'"created_utc": 1e999',
        b'"body": "a\\u0000b"',
        b'"id": 7, "id": "later"',
        b'"_meta": {"retrieved_2nd_on": "1785600001", "removal_type": "moderator"}',
    ],
)
def test_an_odd_line_among_ordinary_ones_is_judged_as_alone(field: bytes) -> None:
    ordinary = [json.dumps(COMMENT | {"id": f"c{number}"}).encode() for number in range(3)]
    odd = json.dumps(COMMENT).encode()[:-1] + b", " + field + b"}"
    assert_same(*both_paths(PushshiftComments(), b"\r\n".join([ordinary[0], b"", odd, b"  ", *ordinary[1:]])))


@pytest.mark.realdata
@pytest.mark.skipif(not REALDATA.is_dir(), reason="the real files are not beside this checkout")
@pytest.mark.parametrize(
    ("native", "name"), [(PushshiftComments(), "test_comments.json"), (PushshiftSubmissions(), "test_submissions.json")]
)
def test_real_lines_give_the_same_rows_in_a_block_and_one_by_one(
    native: PushshiftComments | PushshiftSubmissions, name: str
) -> None:
    raw = (REALDATA / "reddit_pushshift" / name).read_bytes()
    whole, one_by_one = both_paths(native, raw)
    assert_same(whole, one_by_one)
    assert len(whole.record_indexes) == whole.record_count > 25


def test_a_submission_keeps_its_link_and_counters() -> None:
    payload = SUBMISSION | {"selftext": "", "crosspost_parent": None}
    found = {row.table: row.values for row in PushshiftSubmissions().parse(Record(payload, 0, 0), CONTEXT)}
    assert found["posts"]["link_domains"] == ["shop.example"]
    assert found["posts"]["has_paid_label"] is True
    assert (found["post_metrics"]["comment_count"], found["post_metrics"]["upvote_ratio"]) == (3, 0.9)
