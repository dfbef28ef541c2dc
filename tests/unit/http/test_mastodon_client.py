"""What Mastodon servers are asked, turn by turn, and how servers that deviate are survived. The pages are written by hand."""

from __future__ import annotations

from typing import Any

import pytest

from pipelines.http.protocol import Answer, Request
from pipelines.platforms.mastodon.client import CLIENT, judge
from pipelines.platforms.mastodon.parse import FORMATS, account_ids_of, post_ids_of
from pipelines.platforms.protocol import Sample
from tests.contracts.harness import chosen, context, drive
from tests.contracts.test_mastodon import ANN, status
from tests.unit.http.chains import WINDOW, item, page, run

HOME = "https://social.example"
DAYS = ["2026-10-01", "2026-10-01", "2026-09-30", "2026-09-29", "2026-09-28"]


def asked(request: Request) -> dict[str, str]:
    return dict(request.query)


def toots(days: list[str]) -> list[dict[str, Any]]:
    return [status(str(1_000 - place), ANN, created_at=f"{day}T10:00:00.000Z") for place, day in enumerate(days)]


def server(days: list[str], *, links: bool = True, more: int = 0) -> Any:
    """Answers of a server that gives two statuses a page, or ``more`` than it is asked for, with Link headers or without."""

    def answer(request: Request) -> Any:
        if request.url.endswith("/lookup"):
            return ANN
        oldest = int(asked(request).get("max_id", "99999"))
        left = [toot for toot in toots(days) if int(toot["id"]) < oldest]
        found = left[: 2 + more]
        if not links:
            return found
        url = f'<https://elsewhere.example/api?max_id={found[-1]["id"]}&limit=40>; rel="next", ' if len(left) > 2 + more else ""
        return found, {"link": f'{url}<https://social.example/api?min_id=1>; rel="prev"'}

    return answer


def test_an_account_is_looked_up_on_its_server_and_read_back_to_the_window() -> None:
    chain = run(CLIENT, item(CLIENT, "mastodon", "accounts", "@ann@social.example", HOME), server(DAYS))
    assert [request.url.removeprefix(HOME) for request in chain.requests] == [
        "/api/v1/accounts/lookup",
        *["/api/v1/accounts/1/statuses"] * 2,
    ]
    assert asked(chain.requests[0]) == {"acct": "ann"}
    assert asked(chain.requests[2]) == {"limit": "40", "max_id": "999"}
    assert chain.cursor == {}


def test_a_next_link_to_another_host_gives_its_id_and_leads_nowhere_else() -> None:
    chain = run(CLIENT, item(CLIENT, "mastodon", "tags", "moss", HOME), server(DAYS))
    assert {request.url for request in chain.requests} == {f"{HOME}/api/v1/timelines/tag/moss"}


def shown(days: list[str], *, links: bool, more: int) -> list[str]:
    """Ids of the statuses that a chain is given, in its order."""
    ids: list[str] = []
    answer = server(days, links=links, more=more)

    def kept(request: Request) -> Any:
        found = answer(request)
        ids.extend(toot["id"] for toot in (found[0] if links else found))
        return found

    run(CLIENT, item(CLIENT, "mastodon", "timelines", "public", HOME), kept)
    return ids


@pytest.mark.parametrize("more", [0, 1])
@pytest.mark.parametrize("days", [["2026-10-01"] * 7, DAYS])
def test_a_server_without_link_headers_gives_the_same_statuses(days: list[str], more: int) -> None:
    assert shown(days, links=True, more=more) == shown(days, links=False, more=more)


def test_a_server_that_ignores_max_id_is_asked_once_more_and_no_further() -> None:
    chain = run(CLIENT, item(CLIENT, "mastodon", "tags", "moss", HOME), lambda _: toots(["2026-10-01"] * 2))
    assert len(chain.requests) == 2


@pytest.mark.parametrize("body", [[], {}, None, [None, 3], [{"id": 7}], {"error": "no"}])
@pytest.mark.parametrize(("source", "value"), [("accounts", "ann"), ("tags", "moss"), ("timelines", "local")])
def test_odd_answers_end_a_chain(source: str, value: str, body: Any) -> None:
    assert len(run(CLIENT, item(CLIENT, "mastodon", source, value, HOME), lambda _: body).requests) <= 2


def test_a_thread_whose_status_is_gone_ends() -> None:
    watched = item(CLIENT, "mastodon", "threads", f"{HOME}/@ann/1795", HOME)
    assert len(run(CLIENT, watched, lambda _: {"error": "Record not found"}).requests) == 1


def test_a_thread_is_the_status_and_its_context() -> None:
    watched = item(CLIENT, "mastodon", "threads", f"{HOME}/@ann/1795", HOME)
    chain = run(CLIENT, watched, lambda r: {"ancestors": [], "descendants": []} if "context" in r.url else toots(DAYS)[0])
    assert [request.url.removeprefix(HOME) for request in chain.requests] == [
        "/api/v1/statuses/1795",
        "/api/v1/statuses/1795/context",
    ]


@pytest.mark.parametrize(
    ("source", "value"),
    [("accounts", "two words"), ("tags", "two words"), ("timelines", "home"), ("threads", "https://other.example/@ann/1")],
)
def test_a_value_that_cannot_be_asked_about_is_refused_with_what_to_write(source: str, value: str) -> None:
    (found,) = [each for each in CLIENT.sources if each.name == source]
    with pytest.raises(ValueError, match="write"):
        found.begin(item(CLIENT, "mastodon", source, value, HOME), {}, WINDOW)


def test_a_token_goes_only_to_the_server_that_the_watchlist_says_it_is_of() -> None:
    for options, credential in (({}, None), ({"logged_in": True}, "token")):
        chain = run(CLIENT, item(CLIENT, "mastodon", "accounts", "ann", HOME, **options), server(DAYS))
        assert {request.credential for request in chain.requests} == {credential}


def test_a_lookup_asks_a_status_and_an_account_of_their_own_server_only() -> None:
    posts, accounts = CLIENT.lookups
    uri = f"{HOME}/users/ann/statuses/1795"
    (request,) = posts.requests([uri], HOME)
    assert (request.url, request.asked, request.asked_for) == (f"{HOME}/api/v1/statuses/1795", (uri,), "post")
    (request,) = accounts.requests([f"{HOME}/@ann"], HOME)
    assert (request.url, request.query) == (f"{HOME}/api/v1/accounts/lookup", (("acct", "ann"),))
    for native in (uri, f"{HOME}/@ann", "ann", f"{HOME}/p/5.2"):
        assert posts.requests([native], "https://other.example") == accounts.requests([native], "https://other.example") == ()
    assert post_ids_of(status("10", ANN)) == {"https://social.example/s/10"}
    assert account_ids_of(ANN) == {"https://social.example/@ann"}
    assert post_ids_of(None) == account_ids_of({"error": "Record not found"}) == set()


@pytest.mark.parametrize(
    ("code", "body", "answer"),
    [
        (404, {"error": "Record not found"}, Answer.GONE),
        (410, {"error": "gone"}, Answer.GONE),
        (401, {"error": "This method requires an authenticated user"}, Answer.REFUSED),
        (200, {"error": "odd"}, Answer.REFUSED),
        (200, b"<html>", Answer.AGAIN),
        (200, [], None),
        (503, b"", None),
    ],
)
def test_what_an_answer_means(code: int, body: Any, answer: Answer | None) -> None:
    judgement = judge(page(Request(HOME), body, code))
    assert (judgement.answer if judgement else None) is answer


def test_a_full_budget_is_waited_for_until_the_time_that_the_server_names() -> None:
    headers = {"x-ratelimit-reset": "2026-10-02T03:02:30.5Z"}
    judgement = judge(page(Request(HOME), {"error": "Too many requests"}, 429, headers))
    assert judgement is not None
    assert (judgement.answer, judgement.wait_seconds) == (Answer.WAIT, 150.5)


def test_a_status_that_two_servers_show_is_one_post_with_two_counts() -> None:
    here, there = (
        status("10", ANN),
        status("77", ANN | {"id": "9", "acct": "ann@social.example"}, uri="https://social.example/s/10"),
    )
    native = chosen(FORMATS, Sample("x.json", ".json", b"", [here]))
    assert native is not None
    outcome = drive(native, [[here], [there | {"favourites_count": 0}]], context("mastodon"))
    assert len({row["post_key"] for row in outcome.of("posts")}) == 1
    assert len({row["account_key"] for row in outcome.of("posts")}) == 1
    assert [row["like_count"] for row in outcome.of("post_metrics")] == [5, 0]
