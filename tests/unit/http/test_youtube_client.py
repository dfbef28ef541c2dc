"""Turns of YouTube's client: the cheap way to a channel's videos, searches only where asked for, errors by their reason."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pipelines.http.protocol import Answer, Cursor, Page, Request, Source, Turn, WatchItem, Window
from pipelines.platforms.youtube.client import CLIENT, SERVER, AccountLookup, PostLookup, judge

WINDOW = Window(datetime(2026, 9, 30, tzinfo=UTC), datetime(2026, 10, 1, 12, tzinfo=UTC))
CHANNEL = "UC" + "c" * 22
SOURCES: dict[str, Source] = {source.name: source for source in CLIENT.sources}


def page(request: Request, answer: Any, status: int = 200, fetched_at: datetime = WINDOW.ends_at) -> Page:
    return Page(request, status, {}, json.dumps(answer).encode(), fetched_at)


def begun(source: str, value: str, cursor: Cursor | None = None, **options: Any) -> tuple[WatchItem, Turn]:
    watched = WatchItem("youtube", source, value, SERVER, options)
    return watched, SOURCES[source].begin(watched, cursor or {}, WINDOW)


def after(watched: WatchItem, turn: Turn, request: Request, answer: Any) -> Turn:
    return SOURCES[watched.source].after(watched, turn.cursor, WINDOW, page(request, answer))


def channel() -> dict[str, Any]:
    return {"items": [{"id": CHANNEL, "contentDetails": {"relatedPlaylists": {"uploads": "UU" + "c" * 22}}}]}


def uploads(days: list[float], following: str | None = "next") -> dict[str, Any]:
    """A list's page with videos of so many days before the window's end."""
    items = [
        {"contentDetails": {"videoId": f"v{number:010}", "videoPublishedAt": (WINDOW.ends_at - timedelta(days=day)).isoformat()}}
        for number, day in enumerate(days)
    ]
    return {"items": items} | ({"nextPageToken": following} if following else {})


def methods(turn: Turn) -> list[str]:
    return [request.url.rpartition("/")[2] for request in turn.requests]


def test_a_channel_leads_to_its_uploads_and_these_to_the_new_videos_all_at_a_unit_a_page() -> None:
    watched, turn = begun("accounts", "@mossgarden", comments=True)
    (first,) = turn.requests
    assert dict(first.query)["forHandle"] == "@mossgarden"
    turn = after(watched, turn, first, channel())
    assert methods(turn) == ["playlistItems", "commentThreads"]
    assert dict(turn.requests[1].query)["allThreadsRelatedToChannelId"] == CHANNEL
    turn = after(watched, turn, turn.requests[0], uploads([0.1, 0.2, 3]))
    assert methods(turn) == ["videos", "playlistItems"]
    assert dict(turn.requests[0].query)["id"] == "v0000000000,v0000000001"
    assert {request.cost for request in turn.requests} == {1}
    assert {request.credential for request in turn.requests} == {"key"}


def test_a_page_older_than_what_is_known_less_the_overlap_ends_the_list() -> None:
    known = (WINDOW.ends_at - timedelta(days=1)).isoformat()
    watched, turn = begun("accounts", CHANNEL, {"newest": known})
    request = after(watched, turn, turn.requests[0], channel()).requests[0]
    assert methods(after(watched, turn, request, uploads([2.9]))) == ["videos", "playlistItems"]
    assert after(watched, turn, request, uploads([3.1])).requests == ()


@pytest.mark.parametrize("answer", [{}, [], {"items": []}, {"items": [{}], "nextPageToken": "x"}, {"items": "odd"}])
def test_a_page_without_items_ends_the_list(answer: Any) -> None:
    watched, turn = begun("playlists", "PL" + "p" * 16)
    assert "playlistItems" not in methods(after(watched, turn, turn.requests[0], answer))


def test_tokens_that_stand_still_and_lists_without_end_both_end() -> None:
    watched, turn = begun("playlists", "PL" + "p" * 16)
    request = turn.requests[0]
    asked = 0
    while True:
        turn = after(watched, turn, request, uploads([0.1], f"token {asked}"))
        lists = [each for each in turn.requests if each.url.endswith("playlistItems")]
        if not lists:
            break
        (request,), asked = lists, asked + 1
        assert asked < 300
    assert asked == 199
    still = after(watched, begun("playlists", watched.value)[1], request, uploads([0.1], dict(request.query)["pageToken"]))
    assert methods(still) == ["videos"]


def test_new_comments_are_followed_until_the_window_s_beginning() -> None:
    watched, turn = begun("videos", "a" * 11, comments=True)
    assert methods(turn) == ["videos", "commentThreads"]

    def threads(day: float) -> dict[str, Any]:
        written = (WINDOW.ends_at - timedelta(days=day)).isoformat()
        return {"items": [{"snippet": {"topLevelComment": {"snippet": {"publishedAt": written}}}}], "nextPageToken": "n"}

    assert methods(after(watched, turn, turn.requests[1], threads(1))) == ["commentThreads"]
    assert methods(after(watched, turn, turn.requests[1], threads(2))) == []


def test_a_search_costs_a_hundred_units_and_takes_one_page_unless_told() -> None:
    found = {
        "items": [{"id": {"videoId": "a" * 11}, "snippet": {"publishedAt": WINDOW.ends_at.isoformat()}}],
        "nextPageToken": "n",
    }
    for pages, expected in ((1, ["videos"]), (2, ["videos", "search"])):
        watched, turn = begun("queries", "eco fashion", pages=pages)
        assert turn.requests[0].cost == 100
        assert dict(turn.requests[0].query)["publishedAfter"] == "2026-09-30T00:00:00Z"
        following = after(watched, turn, turn.requests[0], found)
        assert methods(following) == expected
        assert [each.cost for each in following.requests] == [1, 100][:pages]


@pytest.mark.parametrize(
    ("source", "value", "options"),
    [
        ("accounts", "https://youtube.com/c/x", {}),
        ("playlists", "x", {}),
        ("videos", "too long to be one", {}),
        ("queries", " ", {}),
        ("queries", "moss", {"pages": 11}),
    ],
)
def test_what_cannot_be_asked_about_is_refused_with_what_to_write(source: str, value: str, options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=rf"youtube {source}: .*write"):
        begun(source, value, **options)


def test_ids_are_looked_up_by_what_they_are_ids_of() -> None:
    requests = PostLookup().requests(["a" * 11, "Ugx" + "c" * 20, "Ugx" + "c" * 20 + ".r"], SERVER)
    assert [request.url.rpartition("/")[2] for request in requests] == ["videos", "commentThreads", "comments"]
    assert [request.asked for request in requests] == [("a" * 11,), ("Ugx" + "c" * 20,), ("Ugx" + "c" * 20 + ".r",)]
    (request,) = AccountLookup().requests([CHANNEL, "title:Moss", "@moss"], SERVER)
    assert (request.asked, request.asked_for) == ((CHANNEL,), "account")
    assert AccountLookup().requests(["@moss"], SERVER) == ()


def refused(reason: str) -> dict[str, Any]:
    return {"error": {"code": 403, "errors": [{"reason": reason}]}}


@pytest.mark.parametrize(
    ("status", "answer", "meaning"),
    [
        (403, refused("quotaExceeded"), Answer.WAIT),
        (403, refused("rateLimitExceeded"), Answer.WAIT),
        (403, refused("commentsDisabled"), Answer.GONE),
        (404, refused("playlistNotFound"), Answer.GONE),
        (400, refused("processingFailure"), Answer.AGAIN),
        (400, refused("keyInvalid"), None),
        (403, [], None),
        (200, refused("quotaExceeded"), None),
    ],
)
def test_an_error_means_what_its_reason_says(status: int, answer: Any, meaning: Answer | None) -> None:
    judged = judge(page(Request(SERVER), answer, status))
    assert (judged.answer if judged else None) is meaning


@pytest.mark.parametrize(("hour", "wait_hours"), [(6, 1), (8, 23)])
def test_a_used_up_quota_waits_until_midnight_in_california(hour: int, wait_hours: float) -> None:
    judged = judge(page(Request(SERVER), refused("quotaExceeded"), 403, datetime(2026, 10, 1, hour, tzinfo=UTC)))
    assert judged is not None
    assert judged.wait_seconds == wait_hours * 3600
