"""Answers to lookups: what was found is read as ever, what was left out is buried, and a broken answer buries nobody."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from pipelines.platforms.bluesky.parse import FORMATS, Posts
from pipelines.platforms.protocol import Sample
from tests.contracts.harness import PSEUDONYMS, Outcome, chosen, context, drive

URI = "at://did:plc:aaaa/app.bsky.feed.post/3l2"
GONE = "at://did:plc:aaaa/app.bsky.feed.post/3l3"
VIEW = {
    "uri": URI,
    "author": {"did": "did:plc:aaaa", "handle": "ann.example"},
    "record": {"text": "moss", "createdAt": "2026-11-01T10:00:00Z"},
    "indexedAt": "2026-11-01T10:00:01Z",
    "likeCount": 7,
}


def document(answer: Any, *, asked: tuple[str, ...] = (URI, GONE), asked_for: str = "post", status: int = 200) -> Any:
    about = {"asked_for": asked_for, "asked": list(asked), "status": status}
    return msgspec.json.decode(msgspec.json.encode({"undercurrent_lookup": about, "answer": answer}))


def read(whole: Any) -> tuple[str | None, Outcome]:
    sample = Sample("pages/one.page", ".json", msgspec.json.encode(whole), whole)
    native = chosen(FORMATS, sample)
    return (native.name, drive(native, [whole], context("bluesky"))) if native else (None, Outcome())


def test_found_posts_land_with_their_counters_and_missing_ones_are_buried() -> None:
    name, outcome = read(document({"posts": [VIEW]}))
    assert name == "bluesky_posts_lookup"
    assert outcome.record_count == 2
    assert [row["like_count"] for row in outcome.of("post_metrics")] == [7]
    [gone] = outcome.of("deletions")
    assert gone["subject_key"] == PSEUDONYMS.key("bluesky", GONE)
    assert (gone["subject_type"], gone["reason"], gone["ts_quality"]) == ("post", "not_found", "collected")


def test_an_answer_that_finds_none_of_them_buries_all() -> None:
    _, outcome = read(document({"posts": []}))
    assert len(outcome.of("deletions")) == 2
    assert outcome.refused == []


def test_accounts_are_buried_as_accounts() -> None:
    name, outcome = read(document({"profiles": []}, asked=("did:plc:bbbb",), asked_for="account"))
    assert name == "bluesky_accounts_lookup"
    assert [row["subject_type"] for row in outcome.of("deletions")] == ["account"]


@pytest.mark.parametrize(
    "answer",
    [
        None,
        {},
        {"error": "InternalServerError", "message": "later", "posts": []},
        {"errors": [{"title": "over capacity"}], "data": []},
        {"feed": [{"post": VIEW}]},
        {"posts": [{"id": 1}]},
        {"posts": {"0": VIEW}},
        [],
        [1, 2],
        "later",
        {"message": "try again"},
    ],
)
def test_an_answer_of_another_shape_buries_nobody(answer: Any) -> None:
    _, outcome = read(document(answer))
    assert outcome.of("deletions") == []


@pytest.mark.parametrize("status", [404, 410])
@pytest.mark.parametrize("asked", [(URI,), (URI, GONE)])
def test_a_404_buries_what_was_asked_for(status: int, asked: tuple[str, ...]) -> None:
    _, outcome = read(document(None, asked=asked, status=status))
    assert len(outcome.of("deletions")) == len(asked)


def test_another_refusal_says_something_of_a_single_id_only() -> None:
    _, single = read(document({"error": "RepoDeactivated"}, asked=(URI,), status=400))
    assert len(single.of("deletions")) == 1
    _, batch = read(document({"error": "InvalidRequest"}, status=400))
    assert batch.of("deletions") == []
    assert batch.by_code == {"error_response": 1}


def test_a_found_post_is_the_same_record_wherever_it_was_found() -> None:
    bare = list(Posts().split({"posts": [VIEW]}))
    [lookup] = [each for each in FORMATS if each.name == "bluesky_posts_lookup"]
    assert bare[0] in list(lookup.split(document({"posts": [VIEW]})))
