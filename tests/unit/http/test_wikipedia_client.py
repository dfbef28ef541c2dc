"""How the page-view API is asked: which requests a watched article, project or country makes, and when they end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pipelines.http.protocol import Page, Request, Source, Turn, WatchItem, Window
from pipelines.platforms.wikipedia.client import CLIENT, Articles, Projects, TopLists

NIGHT = Window(datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 4, tzinfo=UTC))
ROOT = "https://wikimedia.org/api/rest_v1/metrics/pageviews"


def item(source: str, value: str, **options: Any) -> WatchItem:
    return WatchItem("wikipedia", source, value, CLIENT.server, options)


def page(request: Request, status: int = 200) -> Page:
    return Page(request, status, {}, b"{}", datetime(2026, 3, 4, tzinfo=UTC))


def urls(turn: Turn) -> list[str]:
    return [request.url.removeprefix(ROOT) for request in turn.requests]


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ("en.wikipedia:Moss wall", "en.wikipedia/all-access/user/Moss_wall"),
        ("https://de.wikipedia.org/wiki/Caf%C3%A9", "de.wikipedia/all-access/user/Caf%C3%A9"),
        ("https://en.m.wikipedia.org/wiki/AC/DC", "en.wikipedia/all-access/user/AC%2FDC"),
        ("en.wikipedia:100%: a/b?", "en.wikipedia/all-access/user/100%25%3A_a%2Fb%3F"),
    ],
)
def test_an_article_is_asked_for_in_one_request_with_its_title_escaped(value: str, path: str) -> None:
    first = Articles().begin(item("articles", value), {}, NIGHT)
    assert urls(first) == [f"/per-article/{path}/daily/2026030100/2026030400"]
    last = Articles().after(item("articles", value), first.cursor, NIGHT, page(first.requests[0]))
    assert last == Turn((), {"until": "2026-03-04T00:00:00+00:00"})


def test_an_article_goes_on_three_days_before_it_ended_and_never_before_its_window() -> None:
    long = Window(NIGHT.begins_at - timedelta(days=30), NIGHT.ends_at)
    turn = Articles().begin(item("articles", "en.wikipedia:Moss"), {"until": "2026-03-03T00:00:00+00:00"}, long)
    assert urls(turn)[0].endswith("/daily/2026022800/2026030400")
    assert urls(Articles().begin(item("articles", "en.wikipedia:Moss"), {"until": "2026-03-03T00:00:00+00:00"}, NIGHT))[
        0
    ].endswith("/daily/2026030100/2026030400")


def test_that_an_article_had_no_views_is_an_answer_and_not_a_failure() -> None:
    first = Articles().begin(item("articles", "en.wikipedia:Moss"), {}, NIGHT)
    assert Articles().after(item("articles", "en.wikipedia:Moss"), {}, NIGHT, page(first.requests[0], 404)).cursor == {
        "until": "2026-03-04T00:00:00+00:00"
    }


def test_steps_accesses_and_readers_are_options() -> None:
    asked = item("articles", "en.wikipedia:Moss", step="month", access="desktop", agent="all-agents")
    late = Window(datetime(2026, 2, 11, tzinfo=UTC), NIGHT.ends_at)
    assert urls(Articles().begin(asked, {}, late)) == [
        "/per-article/en.wikipedia/desktop/all-agents/Moss/monthly/2026020100/2026030400"
    ]
    assert urls(Projects().begin(item("projects", "en.wikipedia", step="hour"), {}, NIGHT)) == [
        "/aggregate/en.wikipedia/all-access/user/hourly/2026030100/2026030400"
    ]


@pytest.mark.parametrize(("value", "kind"), [("CA", "top-per-country/CA"), ("en.wikipedia", "top/en.wikipedia")])
def test_lists_are_asked_for_day_by_day_and_a_day_that_is_not_counted_yet_is_asked_for_again(value: str, kind: str) -> None:
    watched = item("top", value)
    first = TopLists().begin(watched, {}, NIGHT)
    assert urls(first) == [f"/{kind}/all-access/2026/03/0{day}" for day in (1, 2, 3)]
    had = TopLists().after(watched, {}, NIGHT, page(first.requests[1]))
    assert had == Turn((), {"until": "2026-03-03T00:00:00+00:00"})
    assert TopLists().after(watched, had.cursor, NIGHT, page(first.requests[2], 404)).cursor == had.cursor


def test_a_long_window_of_lists_is_asked_for_in_parts() -> None:
    long = Window(NIGHT.begins_at - timedelta(days=365), NIGHT.ends_at)
    assert len(TopLists().begin(item("top", "CA"), {}, long).requests) == 62


@pytest.mark.parametrize(
    ("source", "value", "options"),
    [
        (Articles(), "Moss", {}),
        (Articles(), "en.wikipedia:", {}),
        (Articles(), "en.wikipedia:Moss", {"step": "hour"}),
        (Projects(), "wikipedia", {}),
        (Projects(), "en.wikipedia", {"access": "tv"}),
        (TopLists(), "Canada", {}),
    ],
)
def test_what_cannot_be_asked_says_what_to_write(source: Source, value: str, options: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="write"):
        source.begin(item(source.name, value, **options), {}, NIGHT)
