"""What Bluesky's AppView is asked, turn by turn, and when a chain ends. The pages are written by hand."""

from __future__ import annotations

from typing import Any

import pytest

from pipelines.http.protocol import Answer, Request
from pipelines.platforms.bluesky.client import CLIENT, judge
from pipelines.platforms.bluesky.parse import FORMATS, account_ids_of, post_ids_of
from pipelines.platforms.protocol import Sample
from tests.contracts.harness import chosen, context, drive
from tests.contracts.test_bluesky import ANN, BEN, POST_URI, VIEW
from tests.unit.http.chains import WINDOW, item, page, run

EMPTY: dict[str, Any] = {}


def method(request: Request) -> str:
    return request.url.rsplit("/", 1)[-1]


def asked(request: Request) -> dict[str, str]:
    return dict(request.query)


def feed_item(day: str, *, backdated: str | None = None, reposted: str | None = None) -> dict[str, Any]:
    post = VIEW | {"record": {"text": "hi", "createdAt": f"{backdated or day}T11:00:00Z"}, "indexedAt": f"{day}T11:00:01Z"}
    return {"post": post} | ({"reason": {"by": {"did": BEN}, "indexedAt": f"{reposted}T10:00:00Z"}} if reposted else {})


def account(days: list[str], most: int = 2) -> Any:
    """Answers of an account whose feed has posts of these days, newest first, ``most`` on a page."""

    def answer(request: Request) -> Any:
        if method(request) == "app.bsky.actor.getProfiles":
            return {"profiles": [{"did": ANN, "handle": "ann.example", "followersCount": 3}]}
        start = int(asked(request).get("cursor", "0"))
        found = [feed_item(day) for day in days[start : start + most]]
        return {"feed": found, "cursor": str(start + most)} if start + most < len(days) else {"feed": found}

    return answer


def test_an_account_is_asked_for_its_profile_and_then_back_to_the_window() -> None:
    days = ["2026-10-01", "2026-10-01", "2026-09-30", "2026-09-29", "2026-09-28", "2026-09-27"]
    chain = run(CLIENT, item(CLIENT, "bluesky", "accounts", "@ann.example"), account(days))
    assert [method(request) for request in chain.requests] == ["app.bsky.actor.getProfiles", *["app.bsky.feed.getAuthorFeed"] * 2]
    assert asked(chain.requests[0]) == {"actors": "ann.example"}
    assert asked(chain.requests[1]) == {"actor": ANN, "limit": "100", "filter": "posts_with_replies"}
    assert chain.cursor == {"marks": {"did": ANN}}


def test_the_next_night_asks_by_did_however_the_account_is_called_by_then() -> None:
    chain = run(CLIENT, item(CLIENT, "bluesky", "accounts", "old.example"), account(["2026-10-01"]), {"marks": {"did": ANN}})
    assert asked(chain.requests[0]) == {"actors": ANN}
    assert chain.cursor == {"marks": {"did": ANN}}


def test_an_account_that_is_not_there_ends_its_chain() -> None:
    chain = run(CLIENT, item(CLIENT, "bluesky", "accounts", ANN), lambda _: {"profiles": []})
    assert len(chain.requests) == 1


def test_a_fresh_repost_of_an_old_post_does_not_end_a_feed_and_a_backdated_post_does() -> None:
    pages = [
        {"feed": [feed_item("2026-10-01"), feed_item("2020-01-01", reposted="2026-10-01")], "cursor": "a"},
        {"feed": [feed_item("2026-10-01", backdated="2020-01-01")], "cursor": "b"},
    ]

    def answer(request: Request) -> Any:
        return {"profiles": [{"did": ANN}]} if "getProfiles" in request.url else pages.pop(0)

    assert len(run(CLIENT, item(CLIENT, "bluesky", "accounts", ANN), answer).requests) == 3


@pytest.mark.parametrize("source", ["accounts", "tags", "queries", "followers", "follows", "reactions", "feeds"])
@pytest.mark.parametrize("trick", ["same cursor", "endless", "empty pages", "no object", "nulls"])
def test_every_chain_ends_whatever_the_server_says(source: str, trick: str) -> None:
    values = {"reactions": POST_URI, "feeds": f"at://{ANN}/app.bsky.feed.generator/moss"}
    turns = iter(range(10_000))

    def answer(_: Request) -> Any:
        if trick == "no object":
            return ["odd"]
        if trick == "nulls":
            return dict.fromkeys(("feed", "posts", "followers", "follows", "likes", "cursor", "profiles"))
        token = "same" if trick == "same cursor" else str(next(turns))
        items = [] if trick == "empty pages" else [feed_item("2026-10-01")]
        posts = [each["post"] for each in items]
        lists = {"followers": items, "follows": items, "likes": items, "repostedBy": items}
        return {"feed": items, "posts": posts, "cursor": token, "profiles": [{"did": ANN}], **lists}

    assert run(CLIENT, item(CLIENT, "bluesky", source, values.get(source, "ann.example")), answer).requests


@pytest.mark.parametrize(("source", "value", "query"), [("tags", "#moss", "#moss"), ("queries", "moss wall", "moss wall")])
def test_a_search_keeps_to_the_window_and_asks_for_the_newest(source: str, value: str, query: str) -> None:
    posts = [VIEW | {"indexedAt": "2026-10-01T12:00:00Z"}]
    chain = run(CLIENT, item(CLIENT, "bluesky", source, value), lambda _: {"posts": posts, "hitsTotal": 1})
    (request,) = chain.requests
    assert asked(request) == {
        "q": query,
        "sort": "latest",
        "since": "2026-10-01T00:00:00.000Z",
        "until": "2026-10-02T00:00:00.000Z",
        "limit": "100",
    }
    assert request.credential == "session"
    assert chain.cursor == {}


def test_reactions_are_likes_then_reposts_then_quotes() -> None:
    address = "https://bsky.app/profile/ann.example/post/one"
    chain = run(CLIENT, item(CLIENT, "bluesky", "reactions", address), lambda _: {"uri": POST_URI, "likes": []})
    assert [method(request).rsplit(".", 1)[-1] for request in chain.requests] == ["getLikes", "getRepostedBy", "getQuotes"]
    assert {asked(request)["uri"] for request in chain.requests} == {"at://ann.example/app.bsky.feed.post/one"}


def test_a_thread_is_one_request() -> None:
    chain = run(CLIENT, item(CLIENT, "bluesky", "threads", POST_URI), lambda _: {"thread": {"post": VIEW}})
    assert [asked(request)["uri"] for request in chain.requests] == [POST_URI]


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("accounts", "moss"),
        ("accounts", "a b.c"),
        ("tags", " "),
        ("tags", "two words"),
        ("threads", "at://x/y/z"),
        ("feeds", POST_URI),
    ],
)
def test_a_value_that_cannot_be_asked_about_is_refused_with_what_to_write(source: str, value: str) -> None:
    (found,) = [each for each in CLIENT.sources if each.name == source]
    with pytest.raises(ValueError, match="write"):
        found.begin(item(CLIENT, "bluesky", source, value), EMPTY, WINDOW)


def test_lookups_ask_for_25_at_once_and_leave_out_ids_that_would_fail_the_whole_request() -> None:
    posts, accounts = CLIENT.lookups
    assert posts.batch_count == accounts.batch_count == 25
    (request,) = posts.requests([POST_URI, "no uri"], CLIENT.server)
    assert (request.asked, request.asked_for, request.query) == ((POST_URI,), "post", (("uris", POST_URI),))
    (request,) = accounts.requests([ANN, BEN], CLIENT.server)
    assert request.query == (("actors", ANN), ("actors", BEN))
    assert accounts.requests(["ann"], CLIENT.server) == ()


def test_the_ids_of_an_answer_are_those_that_are_there() -> None:
    assert post_ids_of({"posts": [{"uri": POST_URI}, {"uri": 3}, None]}) == {POST_URI}
    assert account_ids_of({"profiles": [{"did": ANN}]}) == {ANN}
    assert post_ids_of(None) == post_ids_of([1]) == set()


@pytest.mark.parametrize(
    ("status", "body", "answer"),
    [
        (400, {"error": "AccountDeactivated", "message": "Account is deactivated"}, Answer.GONE),
        (400, {"error": "AccountTakedown", "message": "Account has been suspended"}, Answer.GONE),
        (400, {"error": "InvalidRequest", "message": "Profile not found"}, Answer.GONE),
        (400, {"error": "NotFound", "message": "Post not found: at://x"}, Answer.GONE),
        (400, {"error": "InvalidRequest", "message": "Error: limit must be an integer"}, None),
        (429, {"error": "RateLimitExceeded", "message": "Rate Limit Exceeded"}, None),
        (200, {"error": "InternalServerError"}, Answer.REFUSED),
        (200, b"<html>", Answer.AGAIN),
        (200, {"posts": []}, None),
    ],
)
def test_what_an_answer_means(status: int, body: Any, answer: Answer | None) -> None:
    request = Request("https://x/xrpc/y")
    judgement = judge(page(request, body, status))
    assert (judgement.answer if judgement else None) is answer


LIKES = {"uri": POST_URI, "likes": [{"actor": {"did": BEN, "handle": "ben.example"}, "indexedAt": "2026-10-01T10:00:00Z"}]}


@pytest.mark.parametrize(
    ("body", "name", "tables"),
    [
        ({"posts": []}, "bluesky_posts", {}),
        ({"feed": []}, "bluesky_feed", {}),
        ({"records": [], "cursor": "x"}, "bluesky_posts", {}),
        ({"posts": [VIEW], "hitsTotal": 1}, "bluesky_search", {"posts": 1}),
        (LIKES, "bluesky_reactions", {"interactions": 1, "accounts": 1}),
        ({"uri": POST_URI, "repostedBy": [{"did": BEN}]}, "bluesky_reactions", {"accounts": 1}),
        ({"uri": POST_URI, "posts": [VIEW]}, "bluesky_posts", {"posts": 1}),
        ({"profiles": []}, "bluesky_profiles", {}),
        ({"subject": {"did": ANN}, "followers": [{"did": BEN}]}, "bluesky_follows", {"follows": 1, "accounts": 2}),
        ({"did": ANN, "handle": "ann.example", "followersCount": 3}, "bluesky_profiles", {"accounts": 1}),
    ],
)
def test_every_answer_that_is_asked_for_is_read(body: Any, name: str, tables: dict[str, int]) -> None:
    native = chosen(FORMATS, Sample("x.json", ".json", b"", body))
    assert native is not None
    assert native.name == name
    found = drive(native, [body], context("bluesky")).by_table
    assert {table: found.get(table) for table in tables} == tables


@pytest.mark.parametrize(
    ("collection", "record", "table"),
    [
        ("app.bsky.feed.post", {"text": "hi"}, "posts"),
        ("app.bsky.feed.like", {"subject": {"uri": POST_URI}}, "interactions"),
        ("app.bsky.feed.repost", {"subject": {"uri": POST_URI}}, "posts"),
        ("app.bsky.graph.follow", {"subject": BEN}, "follows"),
        ("app.bsky.actor.profile", {"displayName": "Ann"}, "accounts"),
    ],
)
def test_a_listed_record_of_any_collection_that_a_table_takes_lands(collection: str, record: Any, table: str) -> None:
    listed = {"records": [{"uri": f"at://{ANN}/{collection}/3mptbyplj5d2a", "cid": "b", "value": record}]}
    native = chosen(FORMATS, Sample("x.json", ".json", b"", listed))
    assert native is not None
    outcome = drive(native, [listed], context("bluesky"))
    assert outcome.by_table.get(table) == 1, outcome.refused
