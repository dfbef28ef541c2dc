"""How YouTube's Data API v3 is asked, with its quota in mind: uploads lists at a unit a page, searches at a hundred. Pure turns."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from pipelines.http import since
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

SERVER: Final = "https://youtube.googleapis.com"
CREDENTIAL: Final = "key"
DAY_UNITS: Final = 10_000
SEARCH_UNITS: Final = 100
_OVERLAP: Final = timedelta(days=2)  # a video that was private is listed late, with its own time
_PART_COUNT: Final = 50
_THREAD_COUNT: Final = 100
_MOST_PAGES: Final = 200  # of one list in a night
_MOST_SEARCH_PAGES: Final = 10  # no search gives more than some five hundred results
_VIDEO_PARTS: Final = "snippet,contentDetails,statistics,status,paidProductPlacementDetails"
_CHANNEL_PARTS: Final = "snippet,statistics,contentDetails"
_CHANNEL_ID: Final = re.compile(r"UC[\w-]{22}", re.ASCII)
_HANDLE: Final = re.compile(r"@?[\w.\u00b7-]{3,30}")
_PLAYLIST_ID: Final = re.compile(r"[A-Z]{2}[\w-]{8,}", re.ASCII)
_VIDEO_ID: Final = re.compile(r"[\w-]{11}", re.ASCII)
_PACIFIC: Final = ZoneInfo("America/Los_Angeles")
_USED_UP: Final = frozenset({"quotaExceeded", "dailyLimitExceeded"})
_TOO_FAST: Final = frozenset({"rateLimitExceeded", "userRateLimitExceeded"})
_GONE: Final = frozenset(
    {
        "commentsDisabled",
        "videoNotFound",
        "channelNotFound",
        "playlistNotFound",
        "playlistItemsNotAccessible",
        "commentNotFound",
        "commentThreadNotFound",
        "channelClosed",
        "channelSuspended",
    }
)
_PASSING: Final = frozenset({"processingFailure", "backendError", "internalError"})

_Query = tuple[tuple[str, str], ...]


def _asked(server: str, method: str, *query: tuple[str, str], cost: int = 1) -> Request:
    return Request(f"{server}/youtube/v3/{method}", query, credential=CREDENTIAL, cost=cost)


def _items(page: Page) -> list[dict[str, Any]]:
    return values.mappings(values.optional_mapping(page.json()).get("items"))


def _method(page: Page) -> str:
    return page.request.url.rpartition("/")[2]


def _moment(written: Any) -> datetime | None:
    found = since.moment_of(written)
    return found.replace(tzinfo=UTC) if found is not None and found.tzinfo is None else found


def _next(page: Page, cursor: Cursor, most: int) -> tuple[tuple[Request, ...], dict[str, object]]:
    """The next page of a list, and the cursor that counts its pages; none for a token that stands still or a list without end."""
    query = dict(page.request.query)
    token = values.optional_mapping(page.json()).get("nextPageToken")
    name = "&".join(f"{key}={value}" for key, value in page.request.query if key != "pageToken")
    counts = values.child(dict(cursor), "pages")
    count = int(counts.get(name, 0)) + 1
    kept = {**cursor, "pages": {**counts, name: count}}
    if not isinstance(token, str) or not token or token == query.get("pageToken") or count >= most:
        return (), kept
    further = tuple((query | {"pageToken": token}).items())
    return (Request(page.request.url, further, credential=CREDENTIAL, cost=page.request.cost),), kept


def _videos(server: str, ids: Sequence[str]) -> tuple[Request, ...]:
    distinct = list(dict.fromkeys(ids))
    return tuple(
        _asked(
            server,
            "videos",
            ("part", _VIDEO_PARTS),
            ("id", ",".join(distinct[start : start + _PART_COUNT])),
            ("maxResults", "50"),
        )
        for start in range(0, len(distinct), _PART_COUNT)
    )


def _playlist(server: str, playlist: str) -> Request:
    return _asked(server, "playlistItems", ("part", "snippet,contentDetails"), ("playlistId", playlist), ("maxResults", "50"))


def _threads(server: str, name: str, native_id: str) -> Request:
    query: _Query = (("part", "snippet,replies"), (name, native_id), ("order", "time"), ("maxResults", str(_THREAD_COUNT)))
    return _asked(server, "commentThreads", *query)


class _Lists:
    """What sources share: lists from new to old, and the videos that they name."""

    most_pages = _MOST_PAGES

    def after(self, item: WatchItem, cursor: Cursor, window: Window, page: Page) -> Turn:
        """What a page of this list leads to."""
        match _method(page):
            case "channels":
                return self._after_channel(item, cursor, page)
            case "playlistItems":
                return self._after_list(item, cursor, window, page, _listed_times(page), _listed_ids(page))
            case "search":
                found = [values.text(values.child(each, "id").get("videoId")) for each in _items(page)]
                times = [_moment(values.child(each, "snippet").get("publishedAt")) for each in _items(page)]
                return self._after_list(item, cursor, window, page, times, [each for each in found if each])
            case "commentThreads":
                return self._after_list(item, cursor, window, page, _thread_times(page), [])
            case _:
                return Turn((), cursor)

    def _after_list(
        self, item: WatchItem, cursor: Cursor, window: Window, page: Page, times: Sequence[datetime | None], ids: Sequence[str]
    ) -> Turn:
        """The videos of a page that are new, and the next page unless this one ends before what is known."""
        known = [moment for moment in times if moment is not None]
        begins = since.since_of(cursor, window)
        kept = since.seen(cursor, window, known)
        new = [each for each, moment in zip(ids, times, strict=False) if moment is None or moment >= begins]
        further, kept = _next(page, kept, self.most_pages) if known and max(known) >= begins else ((), kept)
        return Turn((*_videos(item.server, new), *further), kept)

    @staticmethod
    def _after_channel(item: WatchItem, cursor: Cursor, page: Page) -> Turn:
        requests: list[Request] = []
        for channel in _items(page):
            uploads = values.child(values.child(channel, "contentDetails"), "relatedPlaylists").get("uploads")
            if isinstance(uploads, str) and uploads:
                requests.append(_playlist(item.server, uploads))
            if item.options.get("comments") is True and isinstance(channel.get("id"), str):
                requests.append(_threads(item.server, "allThreadsRelatedToChannelId", channel["id"]))
        return Turn(tuple(requests), cursor)


def _listed_ids(page: Page) -> list[str]:
    return [str(values.child(each, "contentDetails").get("videoId")) for each in _items(page)]


def _listed_times(page: Page) -> list[datetime | None]:
    """Times by which an uploads list is ordered: of listing, where the video's own is not told."""
    return [
        _moment(values.child(each, "contentDetails").get("videoPublishedAt"))
        or _moment(values.child(each, "snippet").get("publishedAt"))
        for each in _items(page)
    ]


def _thread_times(page: Page) -> list[datetime | None]:
    tops = (values.child(values.child(each, "snippet"), "topLevelComment") for each in _items(page))
    return [_moment(values.child(top, "snippet").get("publishedAt")) for top in tops]


class Channels(_Lists):
    """A channel's profile and new videos, and the new comments under all of them where the watchlist says ``comments: true``."""

    name = "accounts"
    about = (
        "a channel's id or handle: UCxxxxxxxxxxxxxxxxxxxxxx or @mossgarden; option comments: true asks for its new comments too"
    )

    def begin(self, item: WatchItem, cursor: Cursor, window: Window) -> Turn:
        """The channel. Raises ValueError for what is neither an id nor a handle."""
        value = item.value.strip()
        if _CHANNEL_ID.fullmatch(value):
            by: tuple[str, str] = ("id", value)
        elif _HANDLE.fullmatch(value):
            by = ("forHandle", value if value.startswith("@") else f"@{value}")
        else:
            raise ValueError(f"youtube accounts: {item.value!r} is no channel; write its id (UC and 22 letters) or its @handle")
        kept = {**since.begun(cursor, window, _OVERLAP), "pages": {}}
        return Turn((_asked(item.server, "channels", ("part", _CHANNEL_PARTS), by),), kept)


class Playlists(_Lists):
    """The newest videos of a playlist that lists the newest first."""

    name = "playlists"
    about = "a playlist's id: PLxxxxxxxxxxxxxxxx"

    def begin(self, item: WatchItem, cursor: Cursor, window: Window) -> Turn:
        """The first page. Raises ValueError for what is no playlist."""
        if not _PLAYLIST_ID.fullmatch(item.value.strip()):
            raise ValueError(f"youtube playlists: {item.value!r} is no playlist; write its id, as PLxxxxxxxxxxxxxxxx")
        kept = {**since.begun(cursor, window, _OVERLAP), "pages": {}}
        return Turn((_playlist(item.server, item.value.strip()),), kept)


class Videos(_Lists):
    """One video's counters, and its new comments where the watchlist says ``comments: true``."""

    name = "videos"
    about = "a video's id: xxxxxxxxxxx; option comments: true asks for its new comments too"

    def begin(self, item: WatchItem, cursor: Cursor, window: Window) -> Turn:
        """The video, its comments. Raises ValueError for what is no video."""
        value = item.value.strip()
        if not _VIDEO_ID.fullmatch(value):
            raise ValueError(f"youtube videos: {item.value!r} is no video; write its id, the 11 letters behind watch?v=")
        kept = {**since.begun(cursor, window, _OVERLAP), "pages": {}}
        comments = (_threads(item.server, "videoId", value),) if item.options.get("comments") is True else ()
        return Turn((*_videos(item.server, [value]), *comments), kept)


class Queries(_Lists):
    """What a search finds, newest first. A page costs as much as a hundred pages of anything else."""

    name = "queries"
    about = 'a search at 100 units a page: "eco fashion"; option pages: 1 to 10 (default 1)'

    def begin(self, item: WatchItem, cursor: Cursor, window: Window) -> Turn:
        """The first page. Raises ValueError for an empty search or a number of pages that cannot be."""
        pages = item.options.get("pages", 1)
        if not item.value.strip():
            raise ValueError("youtube queries: an empty search; write what to search for")
        if isinstance(pages, bool) or not isinstance(pages, int) or not 1 <= pages <= _MOST_SEARCH_PAGES:
            raise ValueError(f"youtube queries: pages is {pages!r}; write a number from 1 to {_MOST_SEARCH_PAGES}")
        kept = {**since.begun(cursor, window, _OVERLAP), "pages": {}}
        query: _Query = (
            ("part", "snippet"),
            ("q", item.value),
            ("type", "video"),
            ("order", "date"),
            ("publishedAfter", _stamp(since.since_of(kept, window))),
            ("publishedBefore", _stamp(window.ends_at)),
            ("maxResults", str(_PART_COUNT)),
        )
        return Turn((_asked(item.server, "search", *query, cost=SEARCH_UNITS),), kept)

    def after(self, item: WatchItem, cursor: Cursor, window: Window, page: Page) -> Turn:
        """The videos found, and as many pages as the watchlist allows."""
        return _Paged(int(item.options.get("pages", 1))).after(item, cursor, window, page)


@dataclass
class _Paged(_Lists):
    most_pages: int


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class PostLookup:
    """Videos, comments and replies by their ids. What an answer leaves out is gone, or has been made private."""

    asked_for = "post"
    batch_count = _PART_COUNT

    def requests(self, ids: Sequence[str], server: str) -> tuple[Request, ...]:
        """A request for each kind among the ids. Threads are asked for comments: they alone tell the video."""
        videos = [each for each in ids if _VIDEO_ID.fullmatch(each)]
        replies = [each for each in ids if "." in each]
        comments = [each for each in ids if each not in videos and each not in replies]
        kinds = (("videos", _VIDEO_PARTS, videos), ("commentThreads", "snippet", comments), ("comments", "snippet", replies))
        return tuple(_lookup(server, method, parts, asked, self.asked_for) for method, parts, asked in kinds if asked)


class AccountLookup:
    """Channels by their ids."""

    asked_for = "account"
    batch_count = _PART_COUNT

    def requests(self, ids: Sequence[str], server: str) -> tuple[Request, ...]:
        """One request. Accounts that are known by a title or a handle only cannot be asked for by id."""
        channels = [each for each in ids if _CHANNEL_ID.fullmatch(each)]
        return (_lookup(server, "channels", _CHANNEL_PARTS, channels, self.asked_for),) if channels else ()


def _lookup(server: str, method: str, parts: str, ids: Sequence[str], asked_for: str) -> Request:
    query = (("part", parts), ("id", ",".join(ids)))
    return Request(f"{server}/youtube/v3/{method}", query, credential=CREDENTIAL, asked=tuple(ids), asked_for=asked_for)


def judge(page: Page) -> Judgement | None:
    """What an error means by its reason: a used-up quota and disabled comments come with the same status."""
    if page.status < 400:
        return None
    error = values.child(values.optional_mapping(page.json()), "error")
    reasons = {str(each.get("reason")) for each in values.mappings(error.get("errors"))}
    said = ", ".join(sorted(reasons)) or f"status {page.status}"
    if reasons & _USED_UP:
        return Judgement(Answer.WAIT, f"the day's quota is used up ({said})", _seconds_to_reset(page.fetched_at))
    if reasons & _TOO_FAST:
        return Judgement(Answer.WAIT, said)
    if reasons & _GONE:
        return Judgement(Answer.GONE, said)
    return Judgement(Answer.AGAIN, said) if reasons & _PASSING else None


def _seconds_to_reset(moment: datetime) -> float:
    """Until midnight Pacific time, when the quota is full again."""
    there = moment.astimezone(_PACIFIC)
    reset = (there + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return (reset.astimezone(UTC) - moment.astimezone(UTC)).total_seconds()


CLIENT: Final = PlatformClient(
    server=SERVER,
    hosts=("youtube.googleapis.com", "www.googleapis.com"),
    budget=Budget(units=DAY_UNITS, requests_per_second=5.0, resets="midnight Pacific"),
    sources=(Channels(), Playlists(), Videos(), Queries()),
    credentials=(Credential(CREDENTIAL, Scheme.QUERY, ("YOUTUBE_API_KEY",), parameter="key"),),
    lookups=(PostLookup(), AccountLookup()),
    refresh_days=30,
    judge=judge,
)
