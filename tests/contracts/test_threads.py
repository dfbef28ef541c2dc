"""Contracts of the Threads formats: pinned counts on real files, rows of hand-written payloads, arbitrary input."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.platforms.protocol import Sample
from pipelines.platforms.threads.parse import (
    FORMATS,
    Deleted,
    ErrorBody,
    Insights,
    Media,
    MediaLines,
    PostTable,
    Profiles,
    WebPosts,
    account_ids_of,
    post_ids_of,
)
from pipelines.platforms.threads.rows import shortcode_time
from tests.contracts.harness import PSEUDONYMS, REALDATA, chosen, context, drive
from tests.contracts.nights import take_in
from tests.contracts.test_bluesky import JSON
from tests.contracts.unwrap import unwrap_examples

ID, PARENT, ROOT = "18050000000000001", "18050000000000002", "18050000000000003"


def key(native_id: str) -> str:
    return PSEUDONYMS.key("threads", native_id)


def media(**more: Any) -> dict[str, Any]:
    base = {
        "id": ID,
        "media_product_type": "THREADS",
        "media_type": "TEXT_POST",
        "permalink": "https://www.threads.com/@ann.a/post/DGy3ShVzTv2",
        "username": "Ann.A",
        "text": "with @Ben.b. #Moss https://moss.example/a",
        "timestamp": "2025-03-04T22:48:13+0000",
        "shortcode": "DGy3ShVzTv2",
        "is_quote_post": False,
        "has_replies": True,
    }
    return {**base, **more}


def insights(number: int) -> dict[str, Any]:
    names = ("views", "likes", "replies", "reposts", "quotes", "shares")
    return {
        "data": [
            {"name": name, "period": "lifetime", "values": [{"value": number}], "id": f"{ID}/insights/{name}/lifetime"}
            for name in names
        ]
    }


def cells(**more: str) -> dict[str, str]:
    base = {
        "post_id": ID,
        "author_id": "",
        "created_time": "",
        "permalink": "https://www.threads.com/@ann.a/post/DGy3ShVzTv2",
        "media_type": "IMAGE",
        "like_count": "",
        "reply_count": "",
        "text": "#Moss",
    }
    return {**base, **more}


def web(**more: Any) -> dict[str, Any]:
    base = {
        "pk": "3581167819020909558",
        "code": "DGy3ShVzTv2",
        "taken_at": 1_741_128_493,
        "user": {"username": "Ann.A", "full_name": "Ann"},
        "caption": {"text": "moss #Wall"},
        "like_count": 5,
        "text_post_app_info": {"direct_reply_count": 1, "repost_count": 0, "quote_count": 2, "reshare_count": 3},
    }
    return {**base, **more}


def test_a_post_of_the_api_has_no_counters_and_keeps_all_else() -> None:
    item = media(topic_tag="Clean Beauty", link_attachment_url="https://shop.example/x", is_verified=True)
    outcome = drive(Media(), [{"data": [item], "paging": {}}], context("threads"))
    assert outcome.of("post_metrics") == []
    (post,), (account,) = outcome.of("posts"), outcome.of("accounts")
    assert (post["post_key"], post["account_key"], post["post_type"]) == (key(ID), key("ann.a"), "post")
    assert (post["tags"], post["link_domains"], post["media_kind"]) == (
        ["cleanbeauty", "moss"],
        ["moss.example", "shop.example"],
        "link",
    )
    assert post["published_at"] == datetime(2025, 3, 4, 22, 48, 13, tzinfo=UTC)
    assert (account["handle_key"], account["is_verified"]) == (PSEUDONYMS.handle_key("threads", "ann.a"), True)
    (mention,) = outcome.of("interactions")
    assert (mention["interaction_type"], mention["target_account_key"]) == ("mention", key("ben.b"))


def test_a_reply_knows_whom_it_answers_where_the_same_answer_shows_it() -> None:
    parent = media(id=PARENT, username="Cy", text="moss")
    reply = media(text="yes", is_reply=True, replied_to={"id": PARENT}, root_post={"id": ROOT})
    for items, target in (([parent, reply], key("cy")), ([reply], None)):
        outcome = drive(Media(), [{"data": items}], context("threads"))
        post, edge = outcome.of("posts")[-1], outcome.of("interactions")[-1]
        assert (post["post_type"], post["parent_post_key"], post["root_post_key"]) == ("reply", key(PARENT), key(ROOT))
        assert (edge["interaction_type"], edge["target_post_key"], edge["target_account_key"]) == ("reply", key(PARENT), target)


def test_a_quote_brings_what_it_quotes_where_that_was_asked_for() -> None:
    whole = drive(
        Media(), [media(text="so", is_quote_post=True, quoted_post=media(id=PARENT, username="Cy", text=""))], context("threads")
    )
    assert [post["post_type"] for post in whole.of("posts")] == ["quote", "post"]
    assert whole.of("interactions")[0]["target_account_key"] == key("cy")
    bare = drive(Media(), [media(text="so", quoted_post={"id": PARENT})], context("threads"))
    assert [(edge["interaction_type"], edge["target_post_key"]) for edge in bare.of("interactions")] == [("quote", key(PARENT))]


def test_a_repost_has_no_text_and_points_at_its_post() -> None:
    outcome = drive(Media(), [media(media_type="REPOST_FACADE", text=None, reposted_post={"id": PARENT})], context("threads"))
    (post,), (edge,) = outcome.of("posts"), outcome.of("interactions")
    assert (post["post_type"], post["parent_post_key"], edge["interaction_type"]) == ("repost", key(PARENT), "repost")
    assert outcome.of("vault_posts") == []


@pytest.mark.parametrize(
    ("more", "kind"),
    [
        ({"media_type": "IMAGE"}, "image"),
        ({"media_type": "VIDEO"}, "video"),
        ({"media_type": "AUDIO"}, "audio"),
        ({"media_type": "CAROUSEL_ALBUM"}, "image"),
        ({"media_type": "CAROUSEL_ALBUM", "children": {"data": [{"id": "1", "media_type": "VIDEO"}]}}, "video"),
        ({"media_type": "TEXT_POST"}, "none"),
        ({"media_type": None}, None),
    ],
)
def test_the_kind_of_media_is_that_of_its_first_part(more: dict[str, Any], kind: str | None) -> None:
    assert drive(Media(), [media(**more)], context("threads")).of("posts")[0]["media_kind"] == kind


def test_insights_of_an_own_post_are_its_counters_and_those_of_an_account_are_refused() -> None:
    (row,) = drive(Insights(), [insights(7)], context("threads")).of("post_metrics")
    assert (row["post_key"], row["view_count"], row["comment_count"], row["share_count"]) == (key(ID), 7, 7, 7)
    daily = {"data": [{"name": "views", "period": "day", "values": [{"value": 1}], "id": "11/insights/views/day"}]}
    mixed = {"data": [*insights(1)["data"], *daily["data"]]}
    nameless = {"data": [{"name": "views", "period": "lifetime", "id": "me/insights/views"}]}
    outcome = drive(Insights(), [daily, mixed, nameless], context("threads"))
    assert outcome.by_code == {"unexpected_shape": 2, "missing_id": 1}


def test_a_public_profile_has_followers_and_one_s_own_has_none() -> None:
    public = {"username": "Ann.A", "name": "Ann", "biography": "see https://instagram.com/ann", "follower_count": 1_200_000}
    own = {
        "id": "1",
        "username": "ben",
        "threads_biography": "",
        "is_verified": False,
        "recently_searched_keywords": [{"query": "s"}],
    }
    outcome = drive(Profiles(), [public, own], context("threads"))
    first, second = outcome.of("accounts")
    assert (first["followers_count"], first["public_name"], first["account_key"]) == (1_200_000, "Ann", key("ann.a"))
    assert first["declared_handle_keys"] == [PSEUDONYMS.handle_key("instagram", "ann")]
    assert (second["followers_count"], second["declared_handle_keys"]) == (None, [])


def test_a_deletion_of_one_s_own_is_a_tombstone() -> None:
    (row,) = drive(Deleted(), [{"success": True, "deleted_id": ID}], context("threads")).of("deletions")
    assert (row["subject_type"], row["subject_key"], row["reason"]) == ("post", key(ID), "deleted")
    assert drive(Deleted(), [{"success": False, "deleted_id": ID}], context("threads")).by_code == {"error_response": 1}


def test_a_table_row_without_a_time_has_the_one_of_its_shortcode_and_says_so() -> None:
    (post,) = drive(PostTable(), [cells()], context("threads")).of("posts")
    assert (post["account_key"], post["media_kind"], post["ts_quality"]) == (key("ann.a"), "image", "imputed")
    assert post["published_at"] == datetime(2025, 3, 4, 22, 48, 13, 188_000, tzinfo=UTC)
    outcome = drive(
        PostTable(), [cells(created_time="2025-03-04T22:48:13+0000", like_count="3", reply_count="0")], context("threads")
    )
    assert (outcome.of("posts")[0]["ts_quality"], outcome.of("post_metrics")[0]["like_count"]) == ("exact", 3)
    assert outcome.of("post_metrics")[0]["comment_count"] == 0
    assert drive(PostTable(), [cells(permalink="https://example.org")], context("threads")).by_code == {"missing_field": 1}


def test_a_shortcode_s_time_is_the_day_that_its_post_speaks_of() -> None:
    # The real post begins 'Today, 05/03/2025, I decided'; its author lives seven hours ahead.
    assert shortcode_time("DGy3ShVzTv2") == datetime(2025, 3, 4, 22, 48, 13, 188_000, tzinfo=UTC)
    assert shortcode_time("no shortcode") is shortcode_time(None) is shortcode_time("a" * 12) is None


def test_web_posts_are_found_at_any_depth_and_a_thread_answers_itself() -> None:
    answer = web(pk="3581167819020909559", user={"username": "ben"}, caption=None, text_post_app_info={"is_reply": True})
    document = {
        "data": {"edges": [{"node": {"thread_items": [{"post": web()}, {"post": answer}]}}, {"thread_items": [{"post": web()}]}]}
    }
    outcome = drive(WebPosts(), [document], context("threads"))
    assert outcome.record_count == 3
    first, second, _ = outcome.of("posts")
    assert (first["post_type"], first["tags"], first["ts_quality"]) == ("post", ["wall"], "exact")
    assert (second["post_type"], second["parent_post_key"]) == ("reply", key("3581167819020909558"))
    metrics = outcome.of("post_metrics")[0]
    found = [metrics[f"{name}_count"] for name in ("like", "comment", "repost", "quote", "share")]
    assert found == [5, 1, 0, 2, 3]
    (edge,) = outcome.of("interactions")
    assert (edge["interaction_type"], edge["target_account_key"]) == ("reply", key("ann.a"))


@pytest.mark.parametrize("ruined", ["string", "1.8E+16", "", None, 1.8e16, "-5"])
def test_an_id_that_is_no_number_is_refused(ruined: Any) -> None:
    assert drive(Media(), [media(id=ruined)], context("threads")).by_code == {"missing_id": 1}


def test_the_ids_of_an_answer_are_those_of_its_posts_and_profiles() -> None:
    assert post_ids_of({"data": [media(), media(id=int(PARENT))]}) == {ID, PARENT}
    assert post_ids_of(media()) == {ID}
    assert account_ids_of({"username": "Ann.A", "name": "Ann"}) == {"ann.a"}
    assert post_ids_of(None) == account_ids_of({"error": {}}) == set()


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (media(), Media),
        ({"data": [media()], "paging": {}}, Media),
        ({"data": []}, Media),
        ([media()], Media),
        (insights(0), Insights),
        ({"username": "ann", "name": "Ann"}, Profiles),
        ({"success": True, "deleted_id": ID}, Deleted),
        ({"success": True}, type(None)),
        ({"id": ID}, type(None)),
        ({"access_token": "s", "user_id": "1"}, type(None)),
        ({"error": {"message": "no", "code": 190}}, ErrorBody),
        ({"thread_items": [{"post": web()}]}, WebPosts),
    ],
)
def test_each_shape_has_its_format(document: Any, expected: type) -> None:
    text = json.dumps(document).encode()
    formats = [one for one in FORMATS if one.framing != "csv"]
    assert isinstance(chosen(formats, Sample("f.json", ".json", text, document)), expected)


def test_lines_hold_posts_or_pages_of_them() -> None:
    first = media()
    assert MediaLines().matches(Sample("f.jsonl", ".jsonl", json.dumps(first).encode(), first))
    outcome = drive(MediaLines(), [first, {"data": [media(), media(id=PARENT)]}, {"data": []}], context("threads"))
    assert (len(outcome.of("posts")), outcome.by_code) == (3, {"empty_page": 1})


@pytest.mark.realdata
@pytest.mark.skipif(not REALDATA.exists(), reason="no real records here")
def test_the_real_tables_are_accounted_for(tmp_path: Path) -> None:
    night = take_in("threads", ["threads_scraped/posts.csv", "threads_scraped/threads_posts.csv"], tmp_path)
    assert night.counts == {"posts.csv": (16, 16, 0, 0), "threads_posts.csv": (15, 15, 0, 0)}
    assert night.refusals == set()


@pytest.mark.realdata
@pytest.mark.skipif(not REALDATA.exists(), reason="no real records here")
def test_each_of_the_official_examples_is_recognised_or_none_of_ours(tmp_path: Path) -> None:
    files = unwrap_examples(REALDATA / "threads_official" / "threads-api.postman_collection.json", tmp_path)
    assert len(files) == 31
    found: dict[str, int] = {}
    for file in files:
        document = json.loads(file.read_text("utf-8"))
        native = chosen([one for one in FORMATS if one.framing == "json"], Sample(file.name, ".json", b"", document))
        name = native.name if native else "none"
        found[name] = found.get(name, 0) + 1
        if native:
            outcome = drive(native, [document], context("threads"))
            assert len(outcome.refused) == (1 if "account insights" in file.name else 0), (file.name, outcome.refused)
    # The others are tokens, containers of posts not yet made, limits and embeds.
    assert found == {"none": 20, "threads_media": 7, "threads_insights": 2, "threads_profiles": 1, "threads_deleted": 1}


@given(document=JSON, name=st.sampled_from([*sorted(media()), "quoted_post", "replied_to", "children", "topic_tag", "owner"]))
def test_arbitrary_json_is_refused_and_never_breaks_a_format(document: Any, name: str) -> None:
    broken = media(**{name: document})
    nested = media(**{name: {"id": document, "username": document, "data": document}})
    shapes = (document, {"data": document}, [document, broken, nested], {"data": [broken, nested]}, {"thread_items": document})
    for shape in (*shapes, {"username": document}, {"deleted_id": document, "success": True}, {"error": {"message": document}}):
        for native in FORMATS:
            if native.framing == "json" and native.matches(Sample("x", "", b"", shape)):
                drive(native, [shape], context("threads"))
    drive(Insights(), [{"data": [{**insights(1)["data"][0], "values": document}, document]}], context("threads"))
    drive(MediaLines(), [document, broken, nested], context("threads"))


@given(document=JSON, name=st.sampled_from(sorted(web())))
def test_arbitrary_json_in_a_web_post_is_refused(document: Any, name: str) -> None:
    nested = {"username": document, "text": document, "share_info": document, "text_fragments": document, "is_reply": document}
    posts = [{"post": web(**{name: document})}, {"post": web(**{name: nested})}, document, {"post": document}]
    drive(WebPosts(), [{"thread_items": posts}], context("threads"))


@given(name=st.sampled_from(sorted(cells())), cell=st.text() | st.sampled_from(["-1", "9" * 30, "nan", "1e9", "9999-12-31"]))
def test_arbitrary_cells_are_refused_and_never_break_the_table(name: str, cell: str) -> None:
    PostTable().matches(Sample("x.csv", ".csv", b"", [cell, name]))
    drive(PostTable(), [cells(**{name: cell})], context("threads"))
