"""What federated servers are asked over ActivityPub, turn by turn. The pages are written by hand."""

from __future__ import annotations

from typing import Any

import pytest

from pipelines.http.protocol import Answer, Request
from pipelines.platforms.activitypub.client import CLIENT, judge
from pipelines.platforms.activitypub.parse import FORMATS
from pipelines.platforms.protocol import Sample
from tests.contracts.harness import chosen, context, drive
from tests.contracts.test_activitypub import ANN, NOTE, activity, actor, note
from tests.unit.http.chains import WINDOW, Chain, item, page, run

HOME = "https://a.example"
FINGER = {"subject": "acct:ann@a.example", "links": [{"rel": "self", "type": "application/activity+json", "href": ANN}]}


def address(request: Request) -> str:
    query = "&".join(f"{name}={value}" for name, value in request.query)
    return request.url.removeprefix(HOME) + (f"?{query}" if query else "")


def posted(day: str) -> dict[str, Any]:
    return activity("Create", note(published=f"{day}T10:00:00Z"), published=f"{day}T10:00:00Z")


def server(days: list[str], *, elsewhere: str = HOME) -> Any:
    """Answers of a server with one activity a page, newest first."""

    def answer(request: Request) -> Any:
        place = dict(request.query).get("page")
        if "webfinger" in request.url:
            return FINGER
        if request.url.endswith("/followers"):
            return {"type": "OrderedCollection", "id": f"{ANN}/followers", "totalItems": 12, "first": f"{ANN}/followers?page=1"}
        if request.url.endswith("/outbox"):
            if place is None:
                return {"type": "OrderedCollection", "id": f"{ANN}/outbox", "totalItems": 3, "first": f"{ANN}/outbox?page=0"}
            onward = f"{ANN.replace(HOME, elsewhere)}/outbox?page={int(place) + 1}" if int(place) + 1 < len(days) else None
            return {
                "type": "OrderedCollectionPage",
                "next": onward,
                "orderedItems": [posted(day) for day in days[int(place) :][:1]],
            }
        return actor(followers=f"{ANN}/followers")

    return answer


def chain_of(days: list[str], value: str = "@ann@a.example", **more: Any) -> Chain:
    return run(CLIENT, item(CLIENT, "activitypub", "accounts", value, HOME), server(days, **more))


def test_an_address_leads_to_the_actor_its_followers_and_its_outbox_back_to_the_window() -> None:
    chain = chain_of(["2026-10-01", "2026-09-29", "2026-09-28", "2026-09-27"])
    assert [address(request) for request in chain.requests] == [
        "/.well-known/webfinger?resource=acct:ann@a.example",
        "/users/ann",
        "/users/ann/followers",
        "/users/ann/outbox",
        "/users/ann/outbox?page=0",
        "/users/ann/outbox?page=1",
    ]
    assert chain.cursor == {"marks": {"outbox": f"{ANN}/outbox"}}
    assert {request.headers for request in chain.requests[1:]} == {(("accept", "application/activity+json"),)}


def test_a_page_on_another_host_is_not_followed() -> None:
    assert len(chain_of(["2026-10-01"] * 3, ANN, elsewhere="https://evil.example").requests) == 4
    assert (
        len(
            run(
                CLIENT, item(CLIENT, "activitypub", "accounts", ANN, HOME), lambda _: actor(outbox="https://e.example/o")
            ).requests
        )
        == 1
    )


def test_an_actor_without_an_outbox_is_asked_for_its_followers_number_and_for_none_of_them() -> None:
    answers = {
        ANN: actor(outbox=None, followers=f"{ANN}/followers"),
        f"{ANN}/followers": {"type": "Collection", "first": f"{ANN}/x"},
    }
    chain = run(CLIENT, item(CLIENT, "activitypub", "accounts", ANN, HOME), lambda request: answers[request.url])
    assert [address(request) for request in chain.requests] == ["/users/ann", "/users/ann/followers"]


@pytest.mark.parametrize("trick", ["same page", "endless", "empty", "nulls", "text"])
def test_every_chain_ends_whatever_the_server_says(trick: str) -> None:
    turns = iter(range(10_000))

    def answer(request: Request) -> Any:
        if trick == "text":
            return ["odd"]
        if trick == "nulls":
            return {"type": "Person", "outbox": None, "followers": None}
        if not request.url.endswith("/outbox"):
            return actor()
        items = [] if trick == "empty" else [posted("2026-10-01")]
        onward = f"{ANN}/outbox" + ("" if trick == "same page" else f"?page={next(turns)}")
        return {"type": "OrderedCollectionPage", "orderedItems": items, "next": onward, "first": onward}

    assert run(CLIENT, item(CLIENT, "activitypub", "accounts", ANN, HOME), answer).requests


def test_a_community_that_does_not_say_when_is_read_to_its_end() -> None:
    def answer(request: Request) -> Any:
        if not request.url.endswith("/outbox"):
            return actor(type="Group")
        undated = activity("Announce", activity("Create", {"type": "Page", "id": NOTE}))
        onward = None if request.query else f"{ANN}/outbox?page=2"
        return {"type": "OrderedCollection", "id": f"{ANN}/outbox", "orderedItems": [undated], "next": onward}

    chain = run(CLIENT, item(CLIENT, "activitypub", "accounts", ANN, HOME), answer)
    assert [address(request) for request in chain.requests] == ["/users/ann", "/users/ann/outbox", "/users/ann/outbox?page=2"]


@pytest.mark.parametrize(
    ("source", "value"), [("accounts", "ann"), ("accounts", "ann@b.example"), ("objects", "https://b.example/x")]
)
def test_a_value_that_cannot_be_asked_about_is_refused_with_what_to_write(source: str, value: str) -> None:
    (found,) = [each for each in CLIENT.sources if each.name == source]
    with pytest.raises(ValueError, match="write"):
        found.begin(item(CLIENT, "activitypub", source, value, HOME), {}, WINDOW)


def test_an_object_is_one_request() -> None:
    assert len(run(CLIENT, item(CLIENT, "activitypub", "objects", NOTE, HOME), lambda _: note()).requests) == 1


def test_a_lookup_asks_an_object_of_its_own_server_only() -> None:
    posts, accounts = CLIENT.lookups
    (request,) = posts.requests([NOTE, "https://b.example/post/1", "no address"], HOME)
    assert (request.url, request.asked, request.asked_for) == (NOTE, (NOTE,), "post")
    (request,) = accounts.requests([ANN], HOME)
    assert (request.asked, request.asked_for) == ((ANN,), "account")


@pytest.mark.parametrize(
    ("status", "body", "answer"),
    [(410, {"type": "Tombstone"}, Answer.GONE), (401, b"", Answer.REFUSED), (200, b"<html>", Answer.REFUSED), (200, {}, None)],
)
def test_what_an_answer_means(status: int, body: Any, answer: Answer | None) -> None:
    judgement = judge(page(Request(HOME), body, status))
    assert (judgement.answer if judgement else None) is answer


@pytest.mark.parametrize(
    ("body", "name", "tables"),
    [
        (FINGER, "activitypub_webfinger", {"accounts": 1}),
        (actor(), "activitypub_object", {"accounts": 1}),
        ({"type": "OrderedCollection", "id": f"{ANN}/followers", "totalItems": 12}, "activitypub_collection", {"accounts": 1}),
        ({"type": "OrderedCollectionPage", "orderedItems": [posted("2026-10-01")]}, "activitypub_collection", {"posts": 1}),
        (note(), "activitypub_object", {"posts": 1}),
    ],
)
def test_every_answer_that_is_asked_for_is_read(body: Any, name: str, tables: dict[str, int]) -> None:
    native = chosen(FORMATS, Sample("x.json", ".json", b"", body))
    assert native is not None
    assert native.name == name
    found = drive(native, [body], context("activitypub")).by_table
    assert {table: found.get(table) for table in tables} == tables
