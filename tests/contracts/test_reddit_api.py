"""Reddit's API answers: the rows of a dump for the same item, trees with their replies, marks that are deletions, refusals."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from pipelines.platforms.protocol import Sample
from pipelines.platforms.reddit.parse import FORMATS, PushshiftComments, PushshiftSubmissions
from pipelines.platforms.reddit.tables import TopTable
from pipelines.platforms.reddit.things import ApiAnswer, ArchiveAnswer, account_ids_of, post_ids_of
from tests.contracts.harness import PSEUDONYMS, chosen, context, drive

COMMENT: dict[str, Any] = {
    "id": "abc",
    "name": "t1_abc",
    "author": "Ann",
    "body": "see u/Bob &amp; #Mending https://www.Example.org/a?x=1&amp;y=2",
    "created_utc": 1785542400.0,
    "link_id": "t3_xyz",
    "parent_id": "t3_xyz",
    "subreddit": "Visiblemending",
    "score": 4,
    "edited": 1785542500.0,
    "permalink": "/r/Visiblemending/comments/xyz/_/abc/",
}
SUBMISSION: dict[str, Any] = {
    "id": "xyz",
    "name": "t3_xyz",
    "author": "Cy",
    "title": "A &gt; B #darning",
    "selftext": "",
    "url": "https://example.org/p?a=1&amp;b=2",
    "is_self": False,
    "created_utc": 1785542000.0,
    "subreddit": "Visiblemending",
    "score": 9,
    "num_comments": 2,
    "num_crossposts": 1,
    "upvote_ratio": 0.9,
    "over_18": False,
    "edited": False,
}


def key(native_id: str) -> str:
    return PSEUDONYMS.key("reddit", native_id)


def listing(*children: dict[str, Any]) -> dict[str, Any]:
    return {"kind": "Listing", "data": {"after": None, "children": list(children)}}


def thing(data: dict[str, Any], kind: str = "t1") -> dict[str, Any]:
    return {"kind": kind, "data": data}


def test_an_item_of_the_api_gives_the_rows_of_the_same_line_of_a_dump() -> None:
    where = context("reddit")
    answer = drive(ApiAnswer(), [listing(thing(SUBMISSION, "t3"), thing(COMMENT | {"replies": "", "body_html": "<p>"}))], where)
    archived = drive(ArchiveAnswer(), [{"data": [SUBMISSION, COMMENT]}], where)
    dumped = drive(PushshiftSubmissions(), [SUBMISSION], where).rows + drive(PushshiftComments(), [COMMENT], where).rows
    assert answer.rows == archived.rows == dumped
    assert len(dumped) > 8


def test_what_the_platform_writes_as_entities_is_read_as_it_was_written() -> None:
    outcome = drive(ApiAnswer(), [listing(thing(SUBMISSION, "t3"), thing(COMMENT))], context("reddit"))
    post, comment = outcome.of("vault_posts")
    assert (post["text"], post["links"]) == ("A > B #darning", ["https://example.org/p?a=1&b=2"])
    assert comment["links"] == ["https://www.Example.org/a?x=1&y=2"]


def test_a_post_with_its_comments_lands_the_whole_tree_and_stubs_are_no_records() -> None:
    deeper = thing(COMMENT | {"id": "c3", "parent_id": "t1_c2", "replies": ""})
    reply = thing(COMMENT | {"id": "c2", "parent_id": "t1_abc", "replies": listing(deeper)})
    stub = thing({"id": "c9", "count": 3, "children": ["c9"]}, "more")
    answer = [listing(thing(SUBMISSION, "t3")), listing(thing(COMMENT | {"replies": listing(reply, stub)}), stub)]
    assert chosen(FORMATS, Sample("t.json", ".json", b"", answer)) is not None
    outcome = drive(ApiAnswer(), [answer], context("reddit"))
    assert outcome.record_count == 4
    found = [(post["post_key"], post["parent_post_key"]) for post in outcome.of("posts")]
    assert found == [
        (key("t3_xyz"), None),
        (key("t1_abc"), key("t3_xyz")),
        (key("t1_c2"), key("t1_abc")),
        (key("t1_c3"), key("t1_c2")),
    ]


def test_a_tree_deeper_than_python_s_stack_is_read_whole() -> None:
    answer: dict[str, Any] = thing(COMMENT | {"id": "c0", "replies": ""})
    for number in range(1, 3_000):
        answer = thing(COMMENT | {"id": f"c{number}", "replies": listing(answer)})
    assert len(post_ids_of(listing(answer))) == 3_000


def test_what_was_left_out_and_asked_for_again_comes_in_its_own_envelope() -> None:
    answer = {"json": {"errors": [], "data": {"things": [thing(COMMENT)]}}}
    native = chosen(FORMATS, Sample("m.json", ".json", b"", answer))
    assert native is not None
    assert len(drive(native, [answer], context("reddit")).of("posts")) == 1


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        (thing(COMMENT | {"author": "[deleted]", "body": "[removed]"}), "removed"),
        (thing(COMMENT | {"author": "[deleted]", "body": "[deleted]"}), "deleted"),
        (thing(COMMENT | {"body": "[ Removed by Reddit ]"}), "removed"),
        (thing(SUBMISSION | {"selftext": "[removed]"}, "t3"), "removed"),
        (thing(SUBMISSION | {"removed_by_category": "moderator"}, "t3"), "moderator"),
    ],
)
def test_a_mark_where_the_text_was_is_a_deletion(item: dict[str, Any], reason: str) -> None:
    (gone,) = drive(ApiAnswer(), [listing(item)], context("reddit")).of("deletions")
    assert (gone["subject_type"], gone["subject_key"]) == ("post", key(f"{item['kind']}_{item['data']['id']}"))
    assert (gone["reason"], gone["deleted_at"]) == (reason, context("reddit").observed_at)


def test_a_comment_whose_author_left_stays_without_its_author() -> None:
    outcome = drive(ApiAnswer(), [listing(thing(COMMENT | {"author": "[deleted]"}))], context("reddit"))
    assert outcome.of("deletions") == []
    assert outcome.of("posts")[0]["account_key"] is None


def test_a_profile_is_an_account_with_what_it_declares() -> None:
    page = {"title": "Ann", "public_description": "films: https://youtube.com/@ann", "subscribers": 0}
    about = thing({"name": "Ann", "id": "1", "created_utc": 1500000000.0, "total_karma": 5, "subreddit": page}, "t2")
    (row,) = drive(ApiAnswer(), [about], context("reddit")).of("accounts")
    assert row["account_key"] == key("ann")
    assert (row["followers_count"], row["status"]) == (None, "active")
    assert row["created_at"] == datetime(2017, 7, 14, 2, 40, tzinfo=UTC)
    assert row["declared_handle_keys"] == [PSEUDONYMS.handle_key("youtube", "ann")]
    (gone,) = drive(ApiAnswer(), [thing({"name": "Ann", "is_suspended": True}, "t2")], context("reddit")).of("accounts")
    assert (gone["status"], gone["created_at"]) == ("suspended", None)


@pytest.mark.parametrize(("kind", "reason"), [("t4", "private"), ("t5", "subreddit"), ("LiveUpdate", "kind")])
def test_things_that_are_neither_posts_nor_accounts_are_refused_by_name(kind: str, reason: str) -> None:
    (bad,) = drive(ApiAnswer(), [listing(thing({"id": "1", "body": "x"}, kind))], context("reddit")).refused
    assert bad.code == "unexpected_shape"
    assert reason in bad.reason


def test_an_empty_answer_is_a_known_file_without_records() -> None:
    answers: tuple[Any, ...] = (listing(), {"data": []}, [listing(), listing()])
    for answer in answers:
        native = chosen(FORMATS, Sample("e.json", ".json", b"", answer))
        assert native is not None
        assert drive(native, [answer], context("reddit")).record_count == 0


@pytest.mark.parametrize(
    "answer",
    [
        {"message": "Forbidden", "error": 403, "reason": "private"},
        {"data": None, "error": "Timeout"},
        {"error": "invalid_grant"},
    ],
)
def test_an_error_is_refused_with_what_the_platform_said(answer: dict[str, Any]) -> None:
    native = chosen(FORMATS, Sample("e.json", ".json", b"", answer))
    assert native is not None
    (bad,) = drive(native, [answer], context("reddit")).refused
    assert bad.code == "error_response"
    assert str(answer["error"]) in bad.reason


def test_the_archive_s_tree_of_comments_is_read_as_reddit_s() -> None:
    answer = {"data": [thing(COMMENT | {"replies": listing(thing(COMMENT | {"id": "c2", "parent_id": "t1_abc"}))})]}
    assert chosen(FORMATS, Sample("t.json", ".json", b"", answer)) is not None
    assert len(drive(ArchiveAnswer(), [answer], context("reddit")).of("posts")) == 2


def test_ids_of_an_answer_are_those_that_the_lake_knows() -> None:
    answer = listing(thing(SUBMISSION, "t3"), thing(COMMENT), thing({"name": "Ann"}, "t2"))
    assert post_ids_of(answer) == {"t3_xyz", "t1_abc"}
    assert account_ids_of(answer) == {"ann"}
    assert post_ids_of(None) == account_ids_of({"kind": ["odd"]}) == set()


CELLS = {
    "created_utc": "1363116208.0",
    "score": "821",
    "id": "1a5xuq",
    "title": "New &amp; old shoes",
    "num_comments": "53",
    "permalink": "http://www.reddit.com/r/Sneakers/comments/1a5xuq/new_shoes/",
    "selftext": "",
    "over_18": "False",
    "edited": "1363116300.0",
    "is_self": "False",
    "url": "http://i.example.com/a.jpg",
}


def test_a_row_of_a_table_of_the_best_lands_without_an_author_and_tells_its_list() -> None:
    assert chosen(FORMATS, Sample("Sneakers.csv", ".csv", b"", list(CELLS))).__class__ is TopTable
    outcome = drive(TopTable(), [CELLS], context("reddit", "search"))
    (post,), (metrics,) = outcome.of("posts"), outcome.of("post_metrics")
    assert (post["post_key"], post["account_key"], post["community"]) == (key("t3_1a5xuq"), None, "sneakers")
    assert (post["collection_query"], post["is_sensitive"], post["media_kind"]) == ("top of r/sneakers", False, "link")
    assert post["edited_at"] == datetime(2013, 3, 12, 19, 25, tzinfo=UTC)
    assert (metrics["score_count"], metrics["comment_count"]) == (821, 53)
    assert outcome.of("accounts") == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"permalink": ""}, "missing_field"),
        ({"score": "1.5"}, "wrong_type"),
        ({"id": " "}, "missing_id"),
        ({"created_utc": "soon"}, "wrong_type"),
        ({"num_comments": "many"}, "wrong_type"),
    ],
)
def test_a_row_that_cannot_be_read_is_refused(change: dict[str, str], code: str) -> None:
    (bad,) = drive(TopTable(), [CELLS | change], context("reddit", "search")).refused
    assert bad.code == code
