"""How Instagram's Graph API is asked: business accounts by business_discovery, hashtags by their number. Others' media have no lookup."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import datetime, timedelta
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
from pipelines.platforms.instagram.fields import username_of
from pipelines.platforms.protocol import BadRecord
from pipelines.platforms.times import from_iso

SERVER: Final = "https://graph.facebook.com"
VERSION: Final = "v25.0"
PAGE_COUNT: Final = 50
# Nothing else asks again how often an older post was liked: so far back, each night does.
REREAD: Final = timedelta(days=31)
_MEDIA: Final = "id,caption,media_type,media_product_type,permalink,timestamp,like_count,comments_count"
_PROFILE: Final = "id,username,name,biography,website,followers_count,follows_count,media_count"
_HASHTAG_MEDIA: Final = (
    "id,caption,media_type,permalink,timestamp,like_count,comments_count"  # no media_product_type, no username
)
_NAME: Final = re.compile(r"[A-Za-z0-9_.]{1,30}")
_CREDENTIAL: Final = Credential("graph", Scheme.QUERY, ("INSTAGRAM_ACCESS_TOKEN",), parameter="access_token")
_TOO_OFTEN: Final = frozenset({4, 17, 32, 613, 80001, 80002})
_PASSING: Final = frozenset({1, 2})
_NO_SUCH_USER: Final = 110
_ABSENT: Final = (100, 33)  # code and subcode of 'Object does not exist'


def _asker(item: WatchItem) -> str:
    """The Instagram number of the professional account that asks: it is part of every address. Raises ValueError."""
    number = item.options.get("as")
    if not isinstance(number, str | int) or isinstance(number, bool) or not str(number).isdecimal():
        raise ValueError(
            f"instagram {item.source} {item.value!r}: the option 'as' is missing; write the number of the professional account "
            'that the token belongs to, as {as: "17841400000000000"}'
        )
    return str(number)


def _request(item: WatchItem, path: str, *query: tuple[str, str]) -> Request:
    return Request(f"{item.server}/{VERSION}/{path}", query, credential=_CREDENTIAL.name)


def _next(holder: Any) -> str | None:
    """The cursor of the next page, where there is one."""
    paging = values.child(values.optional_mapping(holder), "paging")
    return values.text(values.child(paging, "cursors").get("after"))


class Accounts:
    """A business or creator account: its profile, and its media of the last month."""

    name = "accounts"
    about = "a username of a business or creator account, as '@natgeo', with the option as: the number of the account that asks"

    def begin(self, item: WatchItem, cursor: Cursor, window: Window) -> Turn:
        """The profile and the newest media. Raises ValueError."""
        del window
        return Turn((self._page(item, None),), cursor)

    def _page(self, item: WatchItem, after: str | None) -> Request:
        name = username_of(item.value) or ""
        if not _NAME.fullmatch(name):
            raise ValueError(f"instagram accounts: {item.value!r} is no username; write {self.about}")
        place = f".after({after})" if after else ""
        asked = f"business_discovery.username({name}){{{_PROFILE},media.limit({PAGE_COUNT}){place}{{{_MEDIA}}}}}"
        return _request(item, _asker(item), ("fields", asked))

    def after(self, item: WatchItem, cursor: Cursor, window: Window, page: Page) -> Turn:
        """The media before these, unless they are older than a month before the window's end, or than the window on the first night."""
        media = values.child(values.child(values.optional_mapping(page.json()), "business_discovery"), "media")
        oldest, token = _oldest(media), _next(media)
        floor = window.ends_at - REREAD if cursor.get("is_known") else min(window.begins_at, window.ends_at - REREAD)
        asked = dict(page.request.query).get("fields", "")
        if token is None or oldest is None or oldest < floor or f".after({token})" in asked:
            return Turn((), {"is_known": True})
        return Turn((self._page(item, token),), cursor)


def _oldest(holder: Any) -> datetime | None:
    times = []
    for item in values.mappings(values.optional_mapping(holder).get("data")):
        with suppress(BadRecord):
            times.append(from_iso(values.text(item.get("timestamp")) or "", "timestamp"))
    return min(times, default=None)


class Tags:
    """Recent media with a hashtag: the last 24 hours. With the option ``top: true`` those that Instagram shows first, too."""

    name = "tags"
    about = "a hashtag, as 'cottagecore', with the option as: the number of the account that asks; 30 different ones in 7 days at most"

    def begin(self, item: WatchItem, cursor: Cursor, window: Window) -> Turn:
        """The hashtag's number, or its media where the number is known from an earlier night. Raises ValueError."""
        del window
        tag = item.value.strip().lstrip("#").strip()
        if not tag or re.search(r"\s", tag):
            raise ValueError(f"instagram tags: {item.value!r} is no hashtag; write {self.about}")
        number = values.text(cursor.get("hashtag_id"))
        if number is None:
            return Turn((_request(item, "ig_hashtag_search", ("user_id", _asker(item)), ("q", tag)),), cursor)
        return Turn(self._media(item, number), cursor)

    def _media(self, item: WatchItem, number: str) -> tuple[Request, ...]:
        edges = ("recent_media", "top_media") if item.options.get("top") is True else ("recent_media",)
        query = (("user_id", _asker(item)), ("fields", _HASHTAG_MEDIA), ("limit", str(PAGE_COUNT)))
        return tuple(_request(item, f"{number}/{edge}", *query) for edge in edges)

    def after(self, item: WatchItem, cursor: Cursor, window: Window, page: Page) -> Turn:
        """The media after the number; a further page until one is empty or its cursor repeats. Their order says nothing about time."""
        del window
        document = values.optional_mapping(page.json())
        listed = values.mappings(document.get("data"))
        if page.request.url.endswith("/ig_hashtag_search"):
            number = values.text(listed[0].get("id")) if listed else None
            return Turn(self._media(item, number), {"hashtag_id": number}) if number else Turn((), cursor)
        token, query = _next(document), dict(page.request.query)
        if not listed or token is None or token == query.get("after"):
            return Turn((), cursor)
        path = page.request.url.removeprefix(f"{item.server}/{VERSION}/")
        return Turn((_request(item, path, *(query | {"after": token}).items()),), cursor)


def _wait_seconds(page: Page) -> float | None:
    """How long to stay away by ``X-Business-Use-Case-Usage``: minutes, for each kind of use that is used up."""
    try:
        usage = msgspec.json.decode(page.headers.get("x-business-use-case-usage", "{}"))
    except msgspec.DecodeError:
        return None
    kinds = [kind for account in values.optional_mapping(usage).values() for kind in values.mappings(account)]
    minutes = [kind.get("estimated_time_to_regain_access") for kind in kinds]
    known = [float(each) for each in minutes if isinstance(each, int | float) and not isinstance(each, bool) and each > 0]
    return max(known) * 60 if known else None


def judge(page: Page) -> Judgement | None:
    """What the error's code says. A used-up budget comes as 400 or 403, and an absent account as 400."""
    error = values.child(values.optional_mapping(page.json()), "error")
    code, subcode = error.get("code"), error.get("error_subcode")
    if not isinstance(code, int):
        return None
    reason = f"{code}: {error.get('message')}"[:200]
    if code in _TOO_OFTEN:
        return Judgement(Answer.WAIT, reason, _wait_seconds(page))
    if code in _PASSING:
        return Judgement(Answer.AGAIN, reason)
    if code == _NO_SUCH_USER or (code, subcode) == _ABSENT:
        return Judgement(Answer.GONE, reason)
    return Judgement(Answer.REFUSED, reason)


CLIENT: Final = PlatformClient(
    server=SERVER,
    hosts=("graph.facebook.com",),
    budget=Budget(units=2_000, requests_per_second=1.0, resets="24 hours"),
    sources=(Accounts(), Tags()),
    credentials=(_CREDENTIAL,),
    judge=judge,
)
