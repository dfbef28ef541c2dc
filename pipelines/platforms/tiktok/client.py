"""How TikTok's Research API is asked: video queries in windows of 30 days, comments, and lookups of videos and accounts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import msgspec

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
from pipelines.platforms.tiktok.research import answered, refusal, says_gone

SERVER: Final = "https://open.tiktokapis.com"
_VIDEOS, _COMMENTS, _USER = "/v2/research/video/query/", "/v2/research/video/comment/list/", "/v2/research/user/info/"
_VIDEO_FIELDS: Final = (
    "id,video_description,create_time,region_code,share_count,view_count,like_count,comment_count,music_id,hashtag_names,"
    "username,video_duration,favorites_count,video_mention_list"
)
_COMMENT_FIELDS: Final = "id,video_id,text,like_count,reply_count,parent_comment_id,create_time"
_USER_FIELDS: Final = "display_name,bio_description,is_verified,follower_count,following_count,likes_count,video_count,bio_url"
WINDOW_DAYS: Final = 30  # end_date may lie at most 30 days after start_date
OVERLAP_DAYS: Final = 3  # videos and counters reach the API late
PAGE_COUNT: Final = 100
COMMENT_LIMIT: Final = 1_000  # cursor + max_count may not exceed it
_EMPTY_PAGES: Final = 3
_CREDENTIAL: Final = Credential(
    "research",
    Scheme.CLIENT_CREDENTIALS,
    ("TIKTOK_CLIENT_KEY", "TIKTOK_CLIENT_SECRET"),
    token_url=f"{SERVER}/v2/oauth/token/",
    id_field="client_key",
)


def _post(
    path: str, fields: str, body: dict[str, Any], *, server: str = SERVER, asked: Sequence[str] = (), asked_for: str = ""
) -> Request:
    return Request(
        f"{server}{path}",
        (("fields", fields),),
        "POST",
        msgspec.json.encode(body),
        "application/json",
        credential=_CREDENTIAL.name,
        asked=tuple(asked),
        asked_for=asked_for,
    )


def _pieces(first: date, last: date) -> Iterator[tuple[date, date]]:
    """Stretches of at most 30 days that cover ``first`` to ``last``, both included."""
    while first <= last:
        end = min(first + timedelta(days=WINDOW_DAYS - 1), last)
        yield first, end
        first = end + timedelta(days=1)


def _body(page: Page) -> dict[str, Any]:
    try:
        return values.optional_mapping(msgspec.json.decode(page.request.body or b"{}"))
    except msgspec.DecodeError:
        return {}


class VideoQuery:
    """Videos for which a field has a value, newest window last; with the option ``comments: true`` their comments too."""

    def __init__(self, name: str, about: str, field_name: str) -> None:
        self.name, self.about = name, about
        self._field_name = field_name

    def begin(self, item: WatchItem, cursor: Cursor, window: Window) -> Turn:
        """The first page of each stretch of 30 days since the last night, three days of it once more. Raises ValueError."""
        value = item.value.strip().lstrip("#@")
        if not value:
            raise ValueError(f"tiktok {self.name}: the value is empty; write {self.about}")
        first = window.begins_at.date()
        covered = cursor.get("covered_until")
        if isinstance(covered, str):
            first = max(first, date.fromisoformat(covered) - timedelta(days=OVERLAP_DAYS))
        last = window.ends_at.date()
        conditions = [{"operation": "EQ", "field_name": self._field_name, "field_values": [value]}]
        regions = values.texts(item.options.get("regions"))
        if regions:
            conditions.append({"operation": "IN", "field_name": "region_code", "field_values": regions})
        requests = [
            _post(
                _VIDEOS,
                _VIDEO_FIELDS,
                {
                    "query": {"and": conditions},
                    "start_date": f"{begins:%Y%m%d}",
                    "end_date": f"{ends:%Y%m%d}",
                    "max_count": PAGE_COUNT,
                },
                server=item.server,
            )
            for begins, ends in _pieces(min(first, last), last)
        ]
        return Turn(tuple(requests), cursor)

    def after(self, item: WatchItem, cursor: Cursor, window: Window, page: Page) -> Turn:
        """The next page of the same list, and the comments of the videos of this one where they are wanted."""
        data, body = answered(page.json()), _body(page)
        cursor = {**cursor, "covered_until": window.ends_at.date().isoformat()}
        if page.request.url.endswith(_COMMENTS):
            return Turn(self._more_comments(item, data, body), cursor)
        videos = values.mappings(data.get("videos"))
        at, asked = data.get("cursor"), body.get("cursor", 0)
        empty = 0 if videos else int(cursor.get("empty_pages", 0)) + 1
        kept = {name: value for name, value in cursor.items() if name != "empty_pages"} | (
            {"empty_pages": empty} if empty else {}
        )
        requests = self._comments(item, videos) if item.options.get("comments") is True else []
        # A page may hold fewer videos than asked for, even none, and still have a next one; a cursor that stands still has not.
        if data.get("has_more") is True and isinstance(at, int) and at > asked and empty < _EMPTY_PAGES:
            more = body | {"cursor": at} | ({"search_id": data["search_id"]} if data.get("search_id") else {})
            requests.append(_post(_VIDEOS, _VIDEO_FIELDS, more, server=item.server))
        return Turn(tuple(requests), kept)

    def _comments(self, item: WatchItem, videos: list[dict[str, Any]]) -> list[Request]:
        ids = [video["id"] for video in videos if isinstance(video.get("id"), int) and video.get("comment_count")]
        return [
            _post(_COMMENTS, _COMMENT_FIELDS, {"video_id": found, "max_count": PAGE_COUNT, "cursor": 0}, server=item.server)
            for found in ids
        ]

    def _more_comments(self, item: WatchItem, data: dict[str, Any], body: dict[str, Any]) -> tuple[Request, ...]:
        at, asked = data.get("cursor"), body.get("cursor", 0)
        has_more = data.get("has_more") is True and bool(data.get("comments"))
        if not has_more or not isinstance(at, int) or not asked < at <= COMMENT_LIMIT - PAGE_COUNT:
            return ()
        return (_post(_COMMENTS, _COMMENT_FIELDS, body | {"cursor": at}, server=item.server),)


def _created_on(native_id: str) -> date | None:
    """The day of a video by its id, whose upper 32 bits are Unix seconds."""
    if not native_id.isdecimal() or not 0 < int(native_id) >> 32 < 2**32:
        return None
    return datetime.fromtimestamp(int(native_id) >> 32, UTC).date()


class VideoLookup:
    """Videos by id. A query needs dates too; an id tells its own, so that ids of one stretch of 30 days share a request."""

    asked_for = "post"
    batch_count = PAGE_COUNT

    def requests(self, ids: Sequence[str], server: str) -> tuple[Request, ...]:
        """A request for each stretch of 30 days; ids that are no video ids (of comments in exports) are not asked about."""
        dated = sorted((day, native_id) for native_id in ids if (day := _created_on(native_id)) is not None)
        groups: list[list[tuple[date, str]]] = []
        for day, native_id in dated:
            # A day before and after: the id is given out a little before or after the video's own time.
            if groups and (day - groups[-1][0][0]).days <= WINDOW_DAYS - 3:
                groups[-1].append((day, native_id))
            else:
                groups.append([(day, native_id)])
        return tuple(self._request([found for _, found in group], group[0][0], group[-1][0], server) for group in groups)

    def _request(self, ids: list[str], first: date, last: date, server: str) -> Request:
        body = {
            "query": {"and": [{"operation": "IN", "field_name": "video_id", "field_values": ids}]},
            "start_date": f"{first - timedelta(days=1):%Y%m%d}",
            "end_date": f"{last + timedelta(days=1):%Y%m%d}",
            "max_count": PAGE_COUNT,
        }
        return _post(_VIDEOS, _VIDEO_FIELDS, body, server=server, asked=ids, asked_for=self.asked_for)


class AccountLookup:
    """Profiles by username, one a request."""

    asked_for = "account"
    batch_count = 1

    def requests(self, ids: Sequence[str], server: str) -> tuple[Request, ...]:
        """One request for each username."""
        return tuple(
            _post(_USER, _USER_FIELDS, {"username": name}, server=server, asked=(name,), asked_for=self.asked_for) for name in ids
        )


def judge(page: Page) -> Judgement | None:
    """What ``error.code`` says. The daily quota is given anew at midnight UTC."""
    document = page.json()
    said = refusal(document)
    if said is None:
        return None
    code, reason = said[0], ": ".join(said)[:200]
    if page.request.url.endswith(_USER) and says_gone(document):
        return Judgement(Answer.GONE, reason)
    if code == "daily_quota_limit_exceeded":
        midnight = (page.fetched_at + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
        return Judgement(Answer.WAIT, reason, (midnight - page.fetched_at).total_seconds())
    if code == "rate_limit_exceeded":
        return Judgement(Answer.WAIT, reason)
    # A search id is sometimes unknown to the server that is asked next; the same request is understood a moment later.
    if code in {"internal_error", "timeout"} or "search_id" in said[1].lower() or "search id" in said[1].lower():
        return Judgement(Answer.AGAIN, reason)
    return None if code == "access_token_invalid" else Judgement(Answer.REFUSED, reason)


CLIENT: Final = PlatformClient(
    server=SERVER,
    hosts=("open.tiktokapis.com",),
    budget=Budget(units=1_000, requests_per_second=1.0, resets="midnight UTC"),
    sources=(
        VideoQuery("tags", "a hashtag, as 'cottagecore'", "hashtag_name"),
        VideoQuery("accounts", "a username, as '@ann'", "username"),
        VideoQuery("queries", "a word or phrase of the description, as 'clean beauty'", "keyword"),
        VideoQuery("sounds", "the id of a sound, as '6900000000000000001'", "music_id"),
    ),
    credentials=(_CREDENTIAL,),
    lookups=(VideoLookup(), AccountLookup()),
    refresh_days=15,
    judge=judge,
)
