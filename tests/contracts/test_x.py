"""Contracts of the X formats: pinned counts on real files, rows of hand-written payloads, both sets of names, arbitrary input."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.platforms.protocol import BadRecord, NativeFormat, Sample
from pipelines.platforms.x import fields
from pipelines.platforms.x.parse import (
    FORMATS,
    ErrorBody,
    Lines,
    Pages,
    Statuses,
    Users,
    account_ids_of,
    is_nothing_found,
    post_ids_of,
)
from tests.contracts.harness import PSEUDONYMS, REALDATA, Outcome, chosen, context, drive
from tests.contracts.nights import take_in
from tests.contracts.test_bluesky import JSON

POST, PARENT, QUOTED = "1900000000000000001", "1900000000000000000", "1800000000000000009"
MADE_AT = datetime(2025, 3, 13, 1, 44, 34, 949000, tzinfo=UTC)  # what the id 1900000000000000001 says


def key(native_id: str) -> str:
    return PSEUDONYMS.key("x", native_id)


def user(**more: Any) -> dict[str, Any]:
    base = {
        "id": 11,
        "id_str": "11",
        "screen_name": "Ann_A",
        "name": "Ann",
        "description": "moss",
        "created_at": "Sat Oct 13 20:15:27 +0000 2012",
        "followers_count": 2_000_000,
        "friends_count": 3,
        "statuses_count": 4,
        "verified": False,
        "protected": False,
    }
    return {**base, **more}


def status(**more: Any) -> dict[str, Any]:
    base = {
        "id": int(POST),
        "id_str": POST,
        "created_at": "Thu Mar 13 01:44:34 +0000 2025",
        "text": "@ben moss &amp; #Wall https://t.co/abc",
        "user": user(),
        "entities": {
            "hashtags": [{"text": "Wall"}],
            "user_mentions": [{"screen_name": "ben", "id": 22, "id_str": "22"}],
            "urls": [{"url": "https://t.co/abc", "expanded_url": "https://moss.example/a?utm_source=x"}],
        },
        "favorite_count": 5,
        "retweet_count": 0,
        "lang": "in",
        "possibly_sensitive": False,
    }
    return {**base, **more}


def post(**more: Any) -> dict[str, Any]:
    base = {
        "id": POST,
        "text": "moss &gt; #Wall",
        "author_id": "11",
        "created_at": "2025-03-13T01:44:34.000Z",
        "lang": "en",
        "edit_history_tweet_ids": [POST],
        "conversation_id": PARENT,
    }
    return {**base, **more}


def lines(*values: Any) -> Outcome:
    return drive(Lines(), values, context("x", "keyword"))


def test_a_status_gives_the_post_its_counters_its_edges_and_its_author() -> None:
    outcome = drive(Statuses(), [[status()]], context("x"))
    (row,), (metrics,), (account,) = outcome.of("posts"), outcome.of("post_metrics"), outcome.of("accounts")
    assert (row["post_key"], row["account_key"], row["post_type"]) == (key(POST), key("11"), "post")
    assert (row["tags"], row["language"], row["link_domains"], row["media_kind"]) == (["wall"], "id", ["moss.example"], "link")
    assert row["published_at"] == MADE_AT.replace(microsecond=0)
    assert (metrics["like_count"], metrics["repost_count"], metrics["comment_count"]) == (5, 0, None)
    assert (account["followers_count"], account["public_name"]) == (2_000_000, "Ann")
    (mention,) = outcome.of("interactions")
    assert (mention["interaction_type"], mention["target_account_key"]) == ("mention", key("22"))
    (vault,) = outcome.of("vault_posts")
    assert (vault["text"], vault["native_id"]) == ("@ben moss & #Wall https://t.co/abc", POST)
    assert vault["links"] == ["https://moss.example/a?utm_source=x"]


def test_a_repost_is_an_act_and_what_it_repeats_is_a_post_of_its_own() -> None:
    original = status(id_str=PARENT, id=int(PARENT), user=user(id_str="33", id=33), entities={}, text="moss", retweet_count=7)
    outcome = drive(Statuses(), [status(text="RT @cy: moss", retweeted_status=original, retweet_count=7)], context("x"))
    repost, repeated = outcome.of("posts")
    assert (repost["post_type"], repost["parent_post_key"], repeated["post_type"]) == ("repost", key(PARENT), "post")
    (metrics,) = outcome.of("post_metrics")
    assert (metrics["post_key"], metrics["repost_count"]) == (key(PARENT), 7)
    (edge,) = outcome.of("interactions")
    assert (edge["interaction_type"], edge["target_account_key"]) == ("repost", key("33"))


def test_a_reply_and_a_quote_point_at_what_they_answer_and_quote() -> None:
    more = {
        "in_reply_to_status_id_str": PARENT,
        "in_reply_to_user_id_str": "22",
        "quoted_status_id_str": QUOTED,
        "quoted_status": status(id_str=QUOTED, user=user(id_str="44"), entities={}, created_at="Sat Jun 01 00:00:00 +0000 2024"),
        "entities": {"urls": [{"url": "https://t.co/q", "expanded_url": f"https://twitter.com/cy/status/{QUOTED}"}]},
    }
    outcome = drive(Statuses(), [status(**more)], context("x"))
    answer, quoted = outcome.of("posts")
    assert (answer["post_type"], answer["parent_post_key"], quoted["post_key"]) == ("reply", key(PARENT), key(QUOTED))
    assert answer["link_keys"] == []  # the quoted post's address is no link of the text
    edges = [
        (edge["interaction_type"], edge["target_account_key"], edge["target_post_key"]) for edge in outcome.of("interactions")
    ]
    assert edges == [("reply", key("22"), key(PARENT)), ("quote", key("44"), key(QUOTED))]


def test_the_whole_text_of_a_stream_line_stands_below_its_beginning() -> None:
    whole = {"full_text": "all of it #Moss", "entities": {"hashtags": [{"text": "Moss"}]}}
    film = {"media": [{"type": "video", "video_info": {"duration_millis": 12_500}}]}
    outcome = lines(status(text="all of…", truncated=True, extended_tweet=whole | {"extended_entities": film}))
    (row,) = outcome.of("posts")
    assert (row["tags"], row["text_char_count"], row["media_kind"], row["duration_seconds"]) == (["moss"], 15, "video", 12.5)


def test_posts_of_a_protected_account_are_not_read_but_its_profile_is() -> None:
    assert drive(Statuses(), [status(user=user(protected=True))], context("x")).by_code == {"not_public": 1}
    outcome = drive(Users(), [[user(protected=True, status=status())]], context("x"))
    assert outcome.by_table == {"accounts": 1, "vault_accounts": 1}
    page = {"data": [post()], "includes": {"users": [{"id": "11", "username": "ann", "protected": True}]}}
    assert drive(Pages(), [page], context("x")).by_code == {"not_public": 1}


def test_an_id_keeps_its_last_digit_and_a_ruined_one_is_refused() -> None:
    rows = drive(Statuses(), [[status(id=int(POST), id_str=None), status(id_str="1900000000000000002")]], context("x")).of(
        "posts"
    )
    assert [row["post_key"] for row in rows] == [key(POST), key("1900000000000000002")]
    for ruined in ("1.07616E+18", 1.07616e18, "", "-5", "9" * 20):
        assert drive(Statuses(), [status(id=ruined, id_str=None)], context("x")).by_code == {"missing_id": 1}


def test_a_look_up_s_null_is_a_post_that_is_gone() -> None:
    outcome = drive(Statuses(), [{"id": {POST: None, PARENT: status(id_str=PARENT)}}], context("x"))
    (gone,) = outcome.of("deletions")
    assert (gone["subject_type"], gone["subject_key"], gone["reason"]) == ("post", key(POST), "not_found")
    assert [row["post_key"] for row in outcome.of("posts")] == [key(PARENT)]


NAMES = {
    "posts": ("referenced_posts", "repost_count", "posts", "edit_history_post_ids", "note_post", "post_count"),
    "tweets": ("referenced_tweets", "retweet_count", "tweets", "edit_history_tweet_ids", "note_tweet", "tweet_count"),
}


@pytest.mark.parametrize("names", sorted(NAMES))
def test_a_page_means_the_same_under_both_sets_of_names(names: str) -> None:
    referenced, reposts, included, history, note, count = NAMES[names]
    counted = {reposts: 3, "like_count": 0, "reply_count": 1, "quote_count": 2, "bookmark_count": 4, "impression_count": 90}
    entities = {
        "hashtags": [{"tag": "Moss"}],
        "mentions": [{"username": "Ben"}, {"username": "dee", "id": "55"}, {"username": "nobody"}],
        "urls": [
            {"expanded_url": "https://moss.example/"},
            {"expanded_url": "https://x.com/ann/status/1/photo/1", "media_key": "3_1"},
        ],
    }
    asked = {
        **post(text="beginning…", paid_partnership=True, possibly_sensitive=True, community_id="77"),
        referenced: [{"type": "replied_to", "id": PARENT}, {"type": "quoted", "id": QUOTED}],
        "public_metrics": counted,
        note: {"text": "all of it #Moss", "entities": entities},
        "attachments": {"media_keys": ["7_1"]},
    }
    asked.pop("edit_history_tweet_ids")
    asked[history] = [POST]
    page = {
        "data": [asked],
        "includes": {
            "users": [
                {"id": "11", "username": "ann", "name": "Ann", "description": "", "public_metrics": {count: 9}},
                {"id": "22", "username": "ben"},
            ],
            included: [post(id=PARENT, author_id="22", edit_history_tweet_ids=[PARENT])],
            "media": [{"media_key": "7_1", "type": "video", "duration_ms": 1500}],
        },
        "meta": {"result_count": 1},
    }
    outcome = drive(Pages(), [page], context("x"))
    assert (outcome.record_count, outcome.refused) == (4, [])
    row = outcome.of("posts")[0]
    assert (row["post_type"], row["parent_post_key"], row["root_post_key"]) == ("reply", key(PARENT), key(PARENT))
    assert (row["has_paid_label"], row["is_sensitive"], row["community"]) == (True, True, "77")
    assert (row["media_kind"], row["duration_seconds"], row["tags"]) == ("video", 1.5, ["moss"])
    assert row["mentioned_account_keys"] == [key("22"), key("55")]
    assert outcome.of("vault_posts")[0]["links"] == ["https://moss.example/"]
    assert outcome.of("vault_posts")[0]["url"] == f"https://x.com/ann/status/{POST}"
    metrics = outcome.of("post_metrics")[0]
    found = [metrics[f"{name}_count"] for name in ("repost", "like", "comment", "quote", "save", "view")]
    assert found == [3, 0, 1, 2, 4, 90]
    edges = [(edge["interaction_type"], edge["target_account_key"]) for edge in outcome.of("interactions")[2:4]]
    assert edges == [("reply", key("22")), ("quote", None)]
    assert [account["posts_count"] for account in outcome.of("accounts")] == [9, None]


def test_an_edited_post_stays_one_post_and_says_when_it_was_edited() -> None:
    first = "1899999999000000000"
    outcome = drive(Pages(), [{"data": [post(edit_history_tweet_ids=[first, POST])]}], context("x"))
    (row,) = outcome.of("posts")
    assert (row["post_key"], row["edited_at"]) == (key(first), MADE_AT.replace(microsecond=0))
    assert row["published_at"] == fields.snowflake_time(first)
    assert post_ids_of({"data": [post(edit_history_tweet_ids=[first, POST])]}) == {first, POST}


def test_a_post_without_a_time_has_the_one_in_its_id() -> None:
    (row,) = drive(Pages(), [{"data": [post(created_at=None)]}], context("x")).of("posts")
    assert row["published_at"] == MADE_AT
    assert drive(Pages(), [{"data": [post(created_at=None, id="20", edit_history_tweet_ids=[])]}], context("x")).by_code == {
        "missing_field": 1
    }


def test_an_id_and_its_time_tell_each_other() -> None:
    moment = fields.snowflake_time(POST)
    assert moment == MADE_AT
    assert 0 <= int(POST) - fields.snowflake_at(MADE_AT) < 2**22


def test_a_look_up_of_counters_says_nothing_of_author_or_kind() -> None:
    counted = {"id": POST, "text": "moss", "edit_history_post_ids": [POST], "public_metrics": {"like_count": 8}}
    outcome = drive(Pages(), [{"data": [counted]}], context("x"))
    assert outcome.by_table == {"post_metrics": 1}
    assert outcome.of("post_metrics")[0]["like_count"] == 8


def test_what_an_answer_cannot_show_is_gone_and_other_problems_are_refused() -> None:
    missing = {"resource_type": "tweet", "resource_id": POST, "type": "https://api.x.com/2/problems/resource-not-found"}
    hidden = {"resource_type": "user", "value": "11", "type": "https://api.twitter.com/2/problems/not-authorized-for-resource"}
    by_name = {**missing, "resource_type": "user", "parameter": "usernames", "value": "123", "resource_id": "123"}
    field = {"resource_type": "post", "type": "https://api.x.com/2/problems/not-authorized-for-field", "detail": "no"}
    outcome = drive(Pages(), [{"errors": [missing, hidden, by_name, field]}], context("x"))
    gone = [(row["subject_type"], row["subject_key"], row["reason"]) for row in outcome.of("deletions")]
    assert gone == [("post", key(POST), "not_found"), ("account", key("11"), "not_authorized")]
    assert outcome.by_code == {"error_response": 2}


def test_an_answer_without_anything_is_taken_and_counts_nothing() -> None:
    empties: tuple[dict[str, Any], ...] = ({"meta": {"result_count": 0}}, {"data": [], "includes": {}})
    for empty in empties:
        assert chosen(FORMATS, Sample("p.json", ".json", json.dumps(empty).encode(), empty)) is not None
        assert drive(Pages(), [empty], context("x")).record_count == 0


def test_the_ids_of_an_answer_are_those_of_its_data() -> None:
    page = {"data": [{"id": "11"}, {"id": 12}], "includes": {"users": [{"id": "13"}]}, "errors": []}
    assert account_ids_of(page) == {"11", "12"}
    assert account_ids_of({"data": {"id": "11"}}) == {"11"}
    assert account_ids_of(None) == post_ids_of([]) == set()


def test_what_cannot_be_shown_for_the_moment_is_not_gone() -> None:
    missing = {"resource_type": "post", "resource_id": "21", "type": "https://api.x.com/2/problems/resource-not-found"}
    moment = {"resource_type": "post", "resource_id": "22", "type": "https://api.x.com/2/problems/internal-error"}
    assert post_ids_of({"data": [post()], "errors": [missing, moment]}) == {POST, "22"}
    assert account_ids_of({"errors": [missing, moment]}) == {"22"}
    assert is_nothing_found({"errors": [missing]})
    answers: tuple[Any, ...] = ({"errors": [missing, moment]}, {"errors": []}, {"data": [post()], "errors": [missing]}, {}, None)
    for answer in answers:
        assert not is_nothing_found(answer)


WHEN = "2026-07-06T18:40:40.000Z"
GONE: list[tuple[dict[str, Any], tuple[str, str, str]]] = [
    (
        {"delete": {"status": {"id": 5, "id_str": POST, "user_id": 11}, "timestamp_ms": "1783363240000"}},
        ("post", POST, "deleted"),
    ),
    ({"data": {"delete": {"tweet": {"id": POST, "author_id": "11"}, "event_at": WHEN}}}, ("post", POST, "deleted")),
    ({"drop": {"tweet": {"id": POST, "author_id": "11"}, "event_at": WHEN}}, ("post", POST, "dropped")),
    ({"user_delete": {"user": {"id": "11"}, "event_at": WHEN}}, ("account", "11", "deleted")),
    ({"data": {"user_suspend": {"user": {"id": "11"}, "event_at": WHEN}}}, ("account", "11", "suspended")),
    ({"user_protect": {"user": {"id": "11"}, "event_at": WHEN}}, ("account", "11", "protected")),
]


@pytest.mark.parametrize(("event", "gone"), GONE)
def test_a_notice_of_deletion_is_a_tombstone_of_its_time(event: dict[str, Any], gone: tuple[str, str, str]) -> None:
    (row,) = lines(event).of("deletions")
    assert (row["subject_type"], row["subject_key"], row["reason"]) == (gone[0], key(gone[1]), gone[2])
    assert (row["deleted_at"].isoformat(), row["ts_quality"]) == ("2026-07-06T18:40:40+00:00", "exact")


def test_an_account_that_is_back_is_active_and_other_events_are_named() -> None:
    (row,) = lines({"user_undelete": {"user": {"id": "11"}, "event_at": WHEN}}).of("accounts")
    assert (row["status"], row["observed_at"].isoformat()) == ("active", "2026-07-06T18:40:40+00:00")
    others = [
        {"tweet_edit": {"tweet": {"id": POST}, "initial_tweet_id": POST, "edit_tweet_ids": [POST], "event_at": WHEN}},
        {"limit": {"track": 5}},
        {"delete": {"favorite": {"tweet_id": POST, "user_id": "11"}, "event_at": WHEN}},
    ]
    assert lines(*others).by_code == {"unsupported_event": 3}


def test_a_compliance_job_about_users_is_told_by_its_file() -> None:
    result = {"id": "11", "action": "delete", "created_at": WHEN, "redacted_at": WHEN, "reason": "suspended"}
    for file, subject in (("job_users.jsonl", "account"), ("job_tweets.jsonl", "post")):
        (row,) = drive(Lines(), [result], context("x", "keyword", file)).of("deletions")
        assert (row["subject_type"], row["reason"]) == (subject, "suspended")
    assert lines({**result, "reason": "scrub_geo"}).by_code == {"unsupported_event": 1}


def formats_for(document: Any, suffix: str, text: bytes) -> NativeFormat | None:
    return chosen([one for one in FORMATS if one.framing != "bytes"], Sample(f"f{suffix}", suffix, text, document))


@pytest.mark.parametrize(
    ("document", "suffix", "indent", "expected"),
    [
        (status(), ".json", None, Statuses),
        (status(), ".json", 1, Statuses),
        (status(), ".jsonl", None, Lines),
        ([status()], ".json", 1, Statuses),
        ({"statuses": [status()]}, ".json", None, Statuses),
        ({"users": [user()]}, ".json", None, Users),
        ({"data": [post()]}, ".json", None, Pages),
        ({"data": post()}, ".ndjson", None, Lines),
        ([post()], ".json", None, Pages),
        ({"users": [{"id": "1", "username": "a", "name": "A"}]}, ".json", None, Pages),
        ({"delete": {"status": {"id_str": POST}}}, ".json", None, Lines),
        ({"errors": [{"code": 109, "message": "no"}]}, ".json", None, ErrorBody),
        ({"title": "Unauthorized", "status": 401, "detail": "no"}, ".json", None, ErrorBody),
        ({"ids": [1, 2]}, ".json", None, type(None)),
        ({"trends": []}, ".json", None, type(None)),
    ],
)
def test_each_shape_has_its_format(document: Any, suffix: str, indent: int | None, expected: type) -> None:
    assert isinstance(formats_for(document, suffix, json.dumps(document, indent=indent).encode()), expected)


def test_a_line_may_be_a_page_with_many_posts_or_a_post_with_its_author_inside() -> None:
    page = {"data": [post(), post(id=PARENT, edit_history_tweet_ids=[])]}
    inside = post(author={"id": "11", "username": "ann", "name": "Ann"}, attachments={"media": [{"type": "photo"}]})
    outcome = lines(page, inside)
    assert (outcome.record_count, outcome.by_table["posts"], outcome.by_table["accounts"]) == (2, 3, 1)
    assert outcome.of("posts")[2]["media_kind"] == "image"
    assert lines({"meta": {"result_count": 0}}, {"some": 1}).by_code == {"empty_page": 1, "unexpected_shape": 1}


def test_no_language_is_made_of_the_detector_s_own_codes() -> None:
    found = [fields.language(code) for code in ("en", "in", "iw", "qht", "zxx", "und", "pt-BR", None, 5)]
    assert found == ["en", "id", "he", None, None, None, "pt", None, None]


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("Thu Feb 30 01:44:34 +0000 2025", "wrong_type"),
        ("Thu Foo 10 01:44:34 +0000 2025", "wrong_type"),
        ("Mon Jan 01 00:00:00 +2300 0001", "implausible_time"),
        ("Thu Mar 13 01:44:34 +0000 2055", "implausible_time"),
        (5, "wrong_type"),
    ],
)
def test_an_old_date_that_is_none_is_refused(written: Any, code: str) -> None:
    with pytest.raises(BadRecord) as refusal:
        fields.time(written, "created_at", context("x"))
    assert refusal.value.code == code
    assert fields.time("Thu Mar 13 03:44:34 +0200 2025", "t", context("x")) == MADE_AT.replace(microsecond=0)


@pytest.mark.realdata
@pytest.mark.skipif(not REALDATA.exists(), reason="no real records here")
def test_the_real_files_are_accounted_for(tmp_path: Path) -> None:
    names = ["x_v1_fixtures/bear_testdata.tar.gz", "x_v2_academic/hk.tar.gz"]
    night = take_in("x", [*names, "x_v1_pheme/ottawashooting-all-rnr-threads.rumours.json"], tmp_path)
    counts = (night.intake.record_count, night.intake.landed_count, night.intake.quarantined_count, night.intake.duplicate_count)
    assert counts == (6113, 5647, 58, 408)
    # Posts of protected accounts, seen by the account that recorded them, and two error bodies.
    assert Counter(code for _, code in night.refusals) == {"not_public": 13, "error_response": 2}
    assert night.query("select count(*) from posts where source_format = 'x_v2_pages'") == [(1628,)]
    assert night.query(
        "select min(published_at)::date::text, max(published_at)::date::text from posts where source_format = 'x_v2_pages'"
    ) == [("2021-06-01", "2021-06-22")]


@pytest.mark.realdata
@pytest.mark.skipif(not REALDATA.exists(), reason="no real records here")
def test_the_time_in_every_real_id_is_the_one_beside_it() -> None:
    worst, count = 0.0, 0
    for file in sorted((REALDATA / "x_v1_pheme").iterdir()):
        for found in json.loads(file.read_text("utf-8")):
            beside = fields.time(found["created_at"], "created_at", context("x"))
            moment = fields.snowflake_time(found["id_str"])
            assert moment is not None
            worst, count = max(worst, abs((moment - beside).total_seconds())), count + 1
    assert (count, worst < 1.0) == (1170, True)


@given(
    document=JSON, name=st.sampled_from([*sorted(status()), "quoted_status", "retweeted_status", "extended_tweet", "edit_info"])
)
def test_arbitrary_json_in_a_status_is_refused_and_never_breaks_a_format(document: Any, name: str) -> None:
    broken = status(**{name: document})
    nested = status(**{name: {"id": document, "id_str": document, "user": document, "media": document, "urls": document}})
    drive(Statuses(), [[document, broken, nested]], context("x"))
    lines(document, broken, nested)
    drive(Users(), [[document, user(status=broken), user(**{name: document})]], context("x"))


@given(
    document=JSON,
    name=st.sampled_from([*sorted(post()), "public_metrics", "entities", "note_tweet", "referenced_posts", "author"]),
)
def test_arbitrary_json_in_a_post_is_refused_and_never_breaks_a_format(document: Any, name: str) -> None:
    broken = post(**{name: document})
    nested = post(**{name: {"id": document, "text": document, "entities": document, "like_count": document, "urls": document}})
    for shape in (
        document,
        {"data": document},
        {"includes": document},
        {"errors": document},
        {"data": [broken], "includes": {"users": document}},
    ):
        for native in FORMATS:
            if native.framing == "json" and native.matches(Sample("x", "", b"", shape)):
                drive(native, [shape], context("x"))
    drive(Pages(), [{"data": [broken, nested, document], "includes": {"users": [document], "posts": [broken]}}], context("x"))
    lines(broken, nested, {"data": broken}, {"data": {"delete": document}}, {"user_delete": document})
