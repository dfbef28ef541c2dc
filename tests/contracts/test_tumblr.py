"""Contracts of the Tumblr formats: pinned counts on real files, rows of hand-written answers, arbitrary input."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.platforms.protocol import NativeFormat, Sample
from pipelines.platforms.tumblr.parse import FORMATS, Blog, Posts, TagUses, account_ids_of, post_ids_of
from tests.contracts.harness import PSEUDONYMS, REALDATA, Outcome, chosen, context, drive
from tests.contracts.nights import take_in
from tests.contracts.test_bluesky import JSON

LARGE = 619_757_643_940_184_064
BLOG = {
    "name": "Ann-Moss",
    "title": "Ann",
    "posts": 4,
    "description": '<p>see <a href="https://www.instagram.com/ann">me</a></p>',
}


def key(native_id: str) -> str:
    return PSEUDONYMS.key("tumblr", native_id)


def post(**more: Any) -> dict[str, Any]:
    base = {
        "blog_name": "Ann-Moss",
        "id": LARGE,
        "id_string": str(LARGE),
        "post_url": f"https://ann-moss.tumblr.com/post/{LARGE}/walls",
        "type": "text",
        "state": "published",
        "timestamp": 1_767_322_845,
        "tags": ["Moss", "Stay at Home Mom"],
        "note_count": 14,
        "title": "Walls",
        "body": '<p>green <a href="https://example.org/a?utm_source=x">walls</a></p>',
    }
    return base | more


REBLOG = {
    "reblogged_from_id": "8",
    "reblogged_from_name": "ben",
    "reblogged_root_id": "7",
    "reblogged_root_name": "cy-deactivated20210101",
    "body": "<p>ben: <blockquote>all that stood above</blockquote></p>",
}


def envelope(response: Any, status: int = 200) -> dict[str, Any]:
    return {"meta": {"status": status, "msg": "OK"}, "response": response}


def read(document: Any) -> Outcome:
    native = chosen(FORMATS, Sample("x.json", ".json", b"", document))
    assert native is not None, "no format takes it"
    return drive(native, [document], context("tumblr"))


def test_a_post_gives_its_tags_as_listed_its_notes_its_links_and_its_blog() -> None:
    outcome = read(envelope({"blog": BLOG, "posts": [post()], "total_posts": 1}))
    (row,), (metrics,) = outcome.of("posts"), outcome.of("post_metrics")
    assert (row["post_key"], row["account_key"]) == (key(f"ann-moss/{LARGE}"), key("ann-moss"))
    assert (row["tags"], row["link_domains"], row["post_type"]) == (["moss", "stay at home mom"], ["example.org"], "post")
    assert (row["published_at"].isoformat(), metrics["score_count"]) == ("2026-01-02T03:00:45+00:00", 14)
    assert {account["account_key"] for account in outcome.of("accounts")} == {key("ann-moss")}
    blog = next(account for account in outcome.of("accounts") if account["posts_count"])
    assert (blog["posts_count"], blog["declared_handle_keys"]) == (4, [PSEUDONYMS.handle_key("instagram", "ann")])
    assert outcome.record_count == 2


@pytest.mark.parametrize("shape", [envelope([post()]), [post()], {"posts": [post()]}])
def test_posts_of_a_tag_and_posts_kept_without_an_envelope_are_read_too(shape: Any) -> None:
    assert read(shape).by_table["posts"] == 1


def test_an_id_beyond_a_double_keeps_its_last_digit_without_its_text_twin() -> None:
    rows = read([post(id=LARGE + 1, id_string=None), post(id_string=None)]).of("posts")
    assert [row["post_key"] for row in rows] == [key(f"ann-moss/{LARGE + 1}"), key(f"ann-moss/{LARGE}")]


def test_a_reblog_points_at_the_post_above_and_at_the_first_one_and_counts_no_notes_of_its_own() -> None:
    outcome = read([post(**REBLOG)])
    (row,), (edge,) = outcome.of("posts"), outcome.of("interactions")
    assert (row["post_type"], row["parent_post_key"], row["root_post_key"]) == ("repost", key("ben/8"), key("cy/7"))
    assert (edge["interaction_type"], edge["target_account_key"], edge["target_post_key"]) == ("repost", key("ben"), key("ben/8"))
    assert outcome.of("post_metrics") == []
    assert "stood above" not in str(outcome.rows)


def test_a_reblog_with_words_of_its_own_is_a_quote() -> None:
    (row,) = read([post(**REBLOG, reblog={"comment": "<p>so green</p>"})]).of("posts")
    assert (row["post_type"], row["text_char_count"]) == ("quote", len("so green"))


def test_a_reblog_known_only_by_its_parents_address_has_its_parent() -> None:
    for url in (
        "https://ben.tumblr.com/post/8/slug",
        "https://www.tumblr.com/ben/8/slug",
        "https://www.tumblr.com/blog/view/ben/8",
    ):
        (row,) = read([post(parent_post_url=url)]).of("posts")
        assert (row["post_type"], row["parent_post_key"]) == ("repost", key("ben/8"))


def test_blocks_give_text_links_mentions_and_the_kind_of_media() -> None:
    mention = {"type": "mention", "blog": {"name": "Ben", "uuid": "t:1"}}
    content = [
        {"type": "text", "text": "hi @ben", "formatting": [mention, {"type": "link", "url": "https://example.org/a"}]},
        {"type": "image", "media": []},
        {"type": "audio", "title": "Moss", "artist": "Ann"},
    ]
    outcome = read([post(type="blocks", content=content, layout=[])])
    (row,), (edge,) = outcome.of("posts"), outcome.of("interactions")
    assert (row["text_char_count"], row["media_kind"], row["link_domains"]) == (len("hi @ben\nMoss"), "image", ["example.org"])
    assert (edge["interaction_type"], edge["target_account_key"]) == ("mention", key("ben"))
    assert row["sound_key"] == key("sound:moss|ann")


@pytest.mark.parametrize(
    "asked",
    [
        {"type": "answer", "asking_name": "Ben", "question": "how?", "answer": "<p>so</p>", "body": None},
        {"content": [], "layout": [{"type": "ask", "blocks": [0], "attribution": {"type": "blog", "blog": {"name": "ben"}}}]},
    ],
)
def test_a_published_answer_replies_to_who_asked(asked: dict[str, Any]) -> None:
    (edge,) = read([post(**asked)]).of("interactions")
    assert (edge["interaction_type"], edge["target_account_key"]) == ("reply", key("ben"))


def test_an_anonymous_question_is_nobodys() -> None:
    assert read([post(type="answer", asking_name="Anonymous", question="how?")]).of("interactions") == []


def test_notes_are_edges_and_make_no_profile_of_who_reacts() -> None:
    notes = [
        {"type": "like", "timestamp": 1_767_322_900, "blog_name": "ben"},
        {"type": "reply", "timestamp": 1_767_322_901, "blog_name": "cy", "reply_text": "yes"},
        {"type": "reblog", "timestamp": 1_767_322_902, "blog_name": "dee", "post_id": "9", "reblog_parent_blog_name": "ann-moss"},
        {"type": "reblog", "timestamp": 1_767_322_903, "blog_name": "eve", "post_id": "10", "reblog_parent_blog_name": "dee"},
        {"type": "posted", "timestamp": 1_767_322_845, "blog_name": "ann-moss"},
    ]
    outcome = read([post(notes=notes)])
    edges = [
        (edge["interaction_type"], edge["source_account_key"], edge["target_account_key"], edge["target_post_key"])
        for edge in outcome.of("interactions")
    ]
    own = key(f"ann-moss/{LARGE}")
    assert edges == [
        ("like", key("ben"), key("ann-moss"), own),
        ("reply", key("cy"), key("ann-moss"), own),
        ("repost", key("dee"), key("ann-moss"), own),
        ("repost", key("eve"), key("dee"), None),
    ]
    assert {account["account_key"] for account in outcome.of("accounts")} == {key("ann-moss")}


def test_the_note_of_a_reblog_and_the_reblog_itself_are_one_edge() -> None:
    note = {
        "type": "reblog",
        "timestamp": 1_767_322_902,
        "blog_name": "ann-moss",
        "post_id": str(LARGE),
        "reblog_parent_blog_name": "ben",
    }
    (told,) = read([post(id_string="8", blog_name="ben", notes=[note])]).of("interactions")
    (made,) = read([post(**REBLOG)]).of("interactions")
    assert told["interaction_key"] == made["interaction_key"]


@pytest.mark.parametrize("state", ["private", "draft", "queued"])
def test_a_post_that_is_not_published_is_not_read(state: str) -> None:
    assert read([post(state=state)]).by_code == {"not_public": 1}


def test_a_refusal_is_refused_and_an_empty_answer_is_none() -> None:
    assert read(envelope([], 401)).by_code == {"error_response": 1}
    assert read(envelope([])).record_count == 0


def test_the_ids_of_an_answer_are_told_for_what_is_missing_from_it() -> None:
    assert post_ids_of(envelope({"blog": BLOG, "posts": [post(), {"id": 1}]})) == {f"ann-moss/{LARGE}"}
    assert account_ids_of(envelope({"blog": BLOG})) == {"ann-moss"}
    assert account_ids_of(None) == set()
    assert read(envelope({"blog": BLOG})).by_table == {"accounts": 1, "vault_accounts": 1}


@pytest.mark.parametrize("answer", [None, envelope([], 404), {}])
def test_a_lookup_that_found_nothing_splits_into_nothing(answer: Any) -> None:
    assert [list(native.split(answer)) for native in (Posts(), Blog())] == [[], []]


TABLE = b"""\xef\xbb\xbf,blog_name,time_posted,cascade_id
0,Ann-Moss,2021-01-01 18:26:18+00:00,Tradfem
1,ben,2021-01-01 18:26:18+00:00,trad
2,Ann-Moss,2021-01-01 18:26:18+00:00,stay at home mom
3,Ann-Moss,2021-01-01 18:26:18+00:00,Tradfem
4,Ann-Moss,yesterday,trad
5,short
"""


def test_rows_of_one_blog_and_second_are_the_tags_of_one_post() -> None:
    native = chosen(FORMATS, Sample("cascades.csv", ".csv", TABLE, None))
    assert isinstance(native, TagUses)
    outcome = drive(native, [TABLE], context("tumblr"))
    assert [(row["account_key"], row["tags"]) for row in outcome.of("posts")] == [
        (key("ann-moss"), ["tradfem", "stay at home mom"]),
        (key("ben"), ["trad"]),
    ]
    assert outcome.by_code == {"wrong_type": 1, "unexpected_shape": 1}
    assert outcome.of("post_metrics") == []


@pytest.mark.realdata
@pytest.mark.skipif(not REALDATA.exists(), reason="no real records here")
def test_the_real_files_are_accounted_for(tmp_path: Path) -> None:
    night = take_in("tumblr", ["tumblr_cottagecore/cascades.csv", "tumblr_cottagecore/tradposts.csv"], tmp_path)
    assert night.counts == {"cascades.csv": (2572, 2572, 0, 0)}
    assert night.refusals == set()
    assert night.query("select count(distinct post_key), count(distinct account_key) from posts") == [(2572, 327)]
    # The 8,853 rows of the table hold 8,176 that differ.
    assert night.query("select sum(len(tags)) from posts") == [(8176,)]


@given(
    document=JSON, name=st.sampled_from([*sorted(post()), *sorted(REBLOG), "notes", "content", "layout", "blog", "asking_name"])
)
def test_arbitrary_json_is_refused_and_never_breaks_a_format(document: Any, name: str) -> None:
    broken: list[Any] = [document, post() | {name: document}, post(**REBLOG) | {name: document}]
    nested = {"type": document, "blog": document, "formatting": [document, {"type": "mention", "blog": {"name": document}}]}
    broken += [post(content=[document, nested], layout=[nested]), post(notes=[nested]), post(notes=document)]
    shapes: list[Any] = [
        *broken,
        broken,
        envelope({"posts": broken, "blog": {"name": document}}),
        envelope(document),
        {"meta": document},
    ]
    shapes.append(envelope({"blog": {"name": "ann", name: document}}))
    json_formats: list[NativeFormat] = [native for native in FORMATS if not isinstance(native, TagUses)]
    for shape in shapes:
        post_ids_of(shape)
        account_ids_of(shape)
        for native in json_formats:
            if native.matches(Sample("x.json", ".json", b"", shape)):
                drive(native, [shape], context("tumblr"))
    drive(Posts(), [broken], context("tumblr"))


@given(table=st.binary(max_size=200) | st.text(max_size=200).map(lambda text: TABLE + text.encode()))
def test_arbitrary_bytes_are_refused_and_never_break_the_table(table: bytes) -> None:
    TagUses().matches(Sample("x.csv", ".csv", table, None))
    drive(TagUses(), [table], context("tumblr"))
