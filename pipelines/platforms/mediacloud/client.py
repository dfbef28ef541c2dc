"""How Media Cloud's search API is asked: stories that match a query, page by page. No I/O."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from pipelines.http.protocol import (
    Answer,
    Budget,
    Credential,
    Cursor,
    Judgement,
    Page,
    PlatformClient,
    Request,
    Scheme,
    Turn,
    WatchItem,
    Window,
)
from pipelines.platforms import values

SERVER: Final = "https://search.mediacloud.org"
KEY: Final = "key"
_PLATFORM: Final = "onlinenews-mediacloud"
_PAGE_SIZE: Final = 1_000
_MOST_PAGES: Final = 50  # of one query and night
_OVERLAP: Final = timedelta(days=3)  # stories are indexed some days after they were published


def _numbers(item: WatchItem, name: str) -> tuple[tuple[str, str], ...]:
    """An option that lists ids of Media Cloud's directory, as the parameter of that name. Raises ValueError."""
    listed = item.options.get(name, ())
    found = listed if isinstance(listed, Iterable) and not isinstance(listed, str) else (listed,)
    ids = [str(each) for each in found]
    wrong = [each for each in ids if not each.isdecimal()]
    if wrong:
        raise ValueError(f"{name}: {wrong[0]!r} is no id of Media Cloud's directory; write numbers, such as [34412234]")
    return ((_PARAMETERS[name], ",".join(ids)),) if ids else ()


_PARAMETERS: Final = {"collections": "cs", "sources": "ss"}


def _had(cursor: Cursor) -> datetime | None:
    try:
        return datetime.fromisoformat(str(cursor.get("until"))).replace(tzinfo=UTC)
    except ValueError:
        return None


class Queries:
    """Stories that match a query, by the day of their publication."""

    name = "queries"
    about = "a query: '\"clean beauty\" AND language:en'; options: collections, sources (ids)"

    def begin(self, item: WatchItem, cursor: Cursor, window: Window) -> Turn:
        """The first page. Raises ValueError for an empty query or an id that is none."""
        if not item.value.strip():
            raise ValueError('the query is empty: write words, such as "clean beauty"')
        had = _had(cursor)
        begins_at = max(window.begins_at, had - _OVERLAP) if had else window.begins_at
        asked = (
            ("q", item.value.strip()),
            ("start", begins_at.date().isoformat()),
            ("end", window.ends_at.date().isoformat()),
            ("platform", _PLATFORM),
            *_numbers(item, "collections"),
            *_numbers(item, "sources"),
            ("sort_order", "asc"),
            ("page_size", str(_PAGE_SIZE)),
        )
        kept = {"until": cursor["until"]} if had else {}
        return Turn((Request(f"{item.server}/api/search/story-list", asked, credential=KEY),), kept)

    def after(self, item: WatchItem, cursor: Cursor, window: Window, page: Page) -> Turn:
        """The page that the token names, until there is none, it comes again, or a page holds nothing."""
        answer = values.optional_mapping(page.json())
        stories, token = values.mappings(answer.get("stories")), values.text(answer.get("pagination_token"))
        count = values.count(cursor.get("page_count"), "page_count") or 1
        asked = tuple(each for each in page.request.query if each[0] != "pagination_token")
        is_repeated = token == dict(page.request.query).get("pagination_token") or token == cursor.get("token")
        if not stories or token is None or is_repeated:
            return Turn(cursor={"until": window.ends_at.date().isoformat()})
        if count >= _MOST_PAGES:
            return Turn(cursor={"until": _last_day(stories) or dict(asked)["start"]})
        following = Request(page.request.url, (*asked, ("pagination_token", token)), credential=KEY)
        return Turn((following,), {**cursor, "token": token, "page_count": count + 1})


def _last_day(stories: list[dict[str, Any]]) -> str | None:
    """The day that a page in order of publication ends with; the next night goes on from there."""
    days = [day[:10] for story in stories if (day := values.text(story.get("publish_date")))]
    return max(days, default=None)


def judge(page: Page) -> Judgement | None:
    """A used-up quota says so with 403 and asks for no waiting within the night."""
    if page.status in {401, 403}:
        said = values.optional_mapping(page.json())
        reason = next((str(said[name]) for name in ("detail", "note", "error") if said.get(name)), f"status {page.status}")
        return Judgement(Answer.REFUSED, f"Media Cloud refuses: {reason[:200]}; see the key and the week's quota at {SERVER}")
    return None


CLIENT: Final = PlatformClient(
    server=SERVER,
    hosts=("search.mediacloud.org",),
    # A seventh of the 4,000 requests a week that accounts are said to have.
    budget=Budget(units=500, requests_per_second=0.5),
    sources=(Queries(),),
    credentials=(Credential(KEY, Scheme.HEADER, ("MEDIACLOUD_API_KEY",), parameter="Authorization", prefix="Token "),),
    judge=judge,
)
