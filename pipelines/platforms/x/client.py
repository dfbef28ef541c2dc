"""How the X API v2 is asked: searches, an account's posts, look-ups by id, and what they may cost. No I/O."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
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
from pipelines.platforms.x import fields

_CREDENTIAL: Final = "app"
# Prices in thousandths of a dollar, which are the budget's units. Every resource of an answer is charged, those in its
# includes too as far as anyone says: a post may bring its author and the two posts that it answers and quotes.
_POST_PRICE: Final = 5
_USER_PRICE: Final = 10
_MOST_PER_POST: Final = _POST_PRICE + _USER_PRICE + 2 * _POST_PRICE
_UNITS_A_NIGHT: Final = 10_000
_POST_FIELDS: Final = (
    "attachments,community_id,conversation_id,created_at,entities,id,lang,note_post,paid_partnership,possibly_sensitive,"
    "public_metrics,text"
)
_USER_FIELDS: Final = (
    "created_at,description,entities,id,location,name,protected,public_metrics,url,username,verified,verified_type"
)
# Whom a post answers and quotes is told only where that is expanded; attachments are told apart by their keys, for nothing.
_EXPANSIONS: Final = "author_id,referenced_posts"
_FIELDS: Final = (("post.fields", _POST_FIELDS), ("user.fields", _USER_FIELDS), ("expansions", _EXPANSIONS))
_LOOKED_UP: Final = 100
_MOST_PAGES: Final = 100
_MOST_EMPTY_PAGES: Final = 3  # an answer may be empty although more follow
_RECENT: Final = timedelta(days=7)
_MARGIN: Final = timedelta(minutes=5)  # of the recent search's seven days, while the chain goes on
_OVERLAP: Final = timedelta(minutes=15)  # posts are found by the search a little after they are made
_NOT_YET: Final = timedelta(seconds=30)  # the end of a search must lie ten seconds in the past
_LONGEST_QUERY: Final = 4096
_NAME: Final = re.compile(r"[A-Za-z0-9_]{1,15}")
_NUMBER: Final = re.compile(r"id:([0-9]{1,19})")
_PROFILE: Final = re.compile(r"https?://(?:www\.|mobile\.)?(?:x|twitter)\.com/@?(\w{1,15})/?(?:\?.*)?")
_TAG: Final = re.compile(r"\w+")
_USED_UP: Final = re.compile(r"usage-?cap|\bcredits?\b|creditsdepleted|\bspend(?:ing)? (?:cap|limit)", re.IGNORECASE)
_GONE: Final = frozenset({"resource-not-found", "not-authorized-for-resource"})


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _results(item: WatchItem, least: int, most: int) -> int:
    wanted = item.options.get("max_results", min(most, 100))
    if not isinstance(wanted, int) or isinstance(wanted, bool) or not least <= wanted <= most:
        raise ValueError(f"max_results is {wanted!r}: write a whole number from {least} to {most}")
    return wanted


def _newer_than(cursor: Cursor, earliest: datetime, latest: datetime) -> tuple[str, str]:
    """What keeps an answer to what earlier nights did not see: the id that a post of a little before the newest had, or a time."""
    newest = fields.optional_identity(cursor.get("newest"))
    made_at = fields.snowflake_time(newest) if newest else None
    # A number that tells a time in the future must not hide all that is made until then.
    since = min(made_at, latest) - _OVERLAP if made_at is not None else earliest
    if since > earliest:
        return "since_id", str(fields.snowflake_at(since))
    return "start_time", _stamp(earliest)


def _going(cursor: Cursor, **more: Any) -> dict[str, Any]:
    return {**cursor, **more}


def _ended(cursor: Cursor) -> Cursor:
    """For the next night: the newest post that any chain saw to its end, and the account's id."""
    seen = [native for name in ("newest", "seen") if (native := fields.optional_identity(cursor.get(name)))]
    kept = {"newest": max(seen, key=int)} if seen else {}
    return {**kept, "user_id": cursor["user_id"]} if cursor.get("user_id") else kept


def _following(cursor: Cursor, window: Window, page: Page, parameter: str) -> Turn:
    """The next page, unless the token is used up or repeated, nothing comes any more, or it has become too old."""
    body = values.optional_mapping(page.json())
    posts = values.mappings(body.get("data"))
    ids = [native for post in posts if (native := fields.optional_identity(post.get("id")))]
    before = fields.optional_identity(cursor.get("seen"))
    seen = max([*ids, *([before] if before else [])], key=int, default=None)
    page_count = int(cursor.get("page_count", 0)) + 1
    empty_count = 0 if ids else int(cursor.get("empty_count", 0)) + 1
    state = _going(cursor, page_count=page_count, empty_count=empty_count, **({"seen": seen} if seen else {}))
    token = values.text(values.child(body, "meta").get("next_token"))
    asked = dict(page.request.query).get(parameter)
    oldest = min(filter(None, map(fields.snowflake_time, ids)), default=None)
    is_old = oldest is not None and oldest < window.begins_at - _OVERLAP and "newest" not in cursor
    if not token or token == asked or page_count >= _MOST_PAGES or empty_count >= _MOST_EMPTY_PAGES or is_old:
        return Turn((), _ended(state))
    query = (*((name, value) for name, value in page.request.query if name != parameter), (parameter, token))
    return Turn((Request(page.request.url, query, credential=_CREDENTIAL, cost=page.request.cost),), state)


@dataclass(slots=True)
class Found:
    """What a search finds: the last seven days, or with ``archive: true`` any time, where the account may ask for that."""

    name: str
    about: str
    is_tag: bool = False

    def begin(self, item: WatchItem, cursor: Cursor, window: Window) -> Turn:
        """The first page. Raises ValueError."""
        query = self._query(item.value)
        is_archive = item.options.get("archive") is True
        results = _results(item, 10, 500 if is_archive else 100)
        until = window.ends_at - _NOT_YET
        earliest = window.begins_at if is_archive else max(window.begins_at, window.ends_at - _RECENT + _MARGIN)
        asked = (
            ("query", query),
            ("max_results", str(results)),
            ("sort_order", "recency"),
            _newer_than(cursor, earliest, until),
            ("end_time", _stamp(until)),
            *_FIELDS,
        )
        url = f"{item.server}/2/tweets/search/{'all' if is_archive else 'recent'}"
        state = _going({name: cursor[name] for name in ("newest",) if name in cursor}, page_count=0)
        return Turn((Request(url, asked, credential=_CREDENTIAL, cost=results * _MOST_PER_POST),), state)

    def after(self, item: WatchItem, cursor: Cursor, window: Window, page: Page) -> Turn:
        """Further pages, newest first."""
        return _following(cursor, window, page, "next_token")

    def _query(self, value: str) -> str:
        written = value.strip()
        if self.is_tag:
            tag = written.lstrip("#\uff03")
            if not _TAG.fullmatch(tag) or tag.isdecimal():
                raise ValueError(f"{value!r} is no hashtag: write one word without spaces, like moss")
            # Each repost would be paid for, and its post already says how many there are.
            return f"#{tag} -is:retweet"
        if not 0 < len(written) <= _LONGEST_QUERY:
            raise ValueError(f"the query has {len(written)} characters: write 1 to {_LONGEST_QUERY} of X's search language")
        return written


@dataclass(slots=True)
class Accounts:
    """An account's posts; its profile comes with them."""

    name: str = "accounts"
    about: str = "a handle, a profile's address, or id: and the account's number: moss, id:2244994945"

    def begin(self, item: WatchItem, cursor: Cursor, window: Window) -> Turn:
        """The posts, where the account's number is known; else the account first. Raises ValueError."""
        written = item.value.strip()
        results = _results(item, 5, 100)
        number = _NUMBER.fullmatch(written)
        state = {name: cursor[name] for name in ("newest", "user_id") if name in cursor}
        user_id = number[1] if number else fields.optional_identity(cursor.get("user_id"))
        if user_id:
            return Turn((self._posts(item, user_id, results, cursor, window),), _going(state, user_id=user_id, page_count=0))
        profile = _PROFILE.fullmatch(written)
        name = profile[1] if profile else written.removeprefix("@")
        if not _NAME.fullmatch(name):
            raise ValueError(f"{item.value!r} is no account on X: write its handle (moss), its address or id:2244994945")
        url = f"{item.server}/2/users/by/username/{name}"
        return Turn((Request(url, (("user.fields", _USER_FIELDS),), credential=_CREDENTIAL, cost=_USER_PRICE),), state)

    def after(self, item: WatchItem, cursor: Cursor, window: Window, page: Page) -> Turn:
        """The posts after the account, and further pages of them."""
        if "/by/username/" not in page.request.url:
            return _following(cursor, window, page, "pagination_token")
        user_id = fields.optional_identity(values.child(values.optional_mapping(page.json()), "data").get("id"))
        if user_id is None:
            return Turn((), _ended(cursor))
        request = self._posts(item, user_id, _results(item, 5, 100), cursor, window)
        return Turn((request,), _going(cursor, user_id=user_id, page_count=0))

    def _posts(self, item: WatchItem, user_id: str, results: int, cursor: Cursor, window: Window) -> Request:
        asked = (
            ("max_results", str(results)),
            _newer_than(cursor, window.begins_at, window.ends_at),
            ("end_time", _stamp(window.ends_at - _NOT_YET)),
            *_FIELDS,
        )
        url = f"{item.server}/2/users/{user_id}/tweets"
        return Request(url, asked, credential=_CREDENTIAL, cost=results * (_MOST_PER_POST - _USER_PRICE) + _USER_PRICE)


@dataclass(slots=True)
class LookedUp:
    """Posts or accounts by their ids; the answer lists among its errors those that it cannot show."""

    asked_for: str
    path: str
    query: tuple[tuple[str, str], ...]
    price: int
    batch_count: int = _LOOKED_UP

    def requests(self, ids: Sequence[str], server: str) -> tuple[Request, ...]:
        """One request for all ids that are numbers."""
        asked = tuple(dict.fromkeys(native for native in ids if fields.optional_identity(native) == native))
        if not asked:
            return ()
        return (
            Request(
                f"{server}{self.path}",
                (("ids", ",".join(asked)), *self.query),
                credential=_CREDENTIAL,
                cost=self.price * len(asked),
                asked=asked,
                asked_for=self.asked_for,
            ),
        )


def judge(page: Page) -> Judgement | None:
    """What X says beside the status: a spent budget, an account that is not there, an answer that is none."""
    body = page.json()
    if page.status == 200:
        if not isinstance(body, dict):
            return Judgement(Answer.AGAIN, "the answer is no JSON object")
        kinds = {str(problem.get("type")).rsplit("/", 1)[-1] for problem in values.mappings(body.get("errors"))}
        if kinds & _GONE and "data" not in body and "meta" not in body and not page.request.asked:
            return Judgement(Answer.GONE, "the account is not there, or not public")
        return None
    problem = values.optional_mapping(body)
    said = f"{problem.get('title', '')}: {problem.get('detail', '')}"[:300]
    if _USED_UP.search(f"{problem.get('type', '')} {said}"):
        return Judgement(Answer.REFUSED, f"the month's reads or credits are used up ({said}); see the developer console")
    return None


CLIENT: Final = PlatformClient(
    server="https://api.x.com",
    hosts=("api.x.com",),
    # The search allows 450 requests in 15 minutes, the other paths more.
    budget=Budget(units=_UNITS_A_NIGHT, requests_per_second=0.5, resets="night"),
    sources=(
        Accounts(),
        Found("tags", "a hashtag: moss", is_tag=True),
        Found("queries", 'a query of X\'s search language: "cottage core" lang:en -is:retweet'),
    ),
    credentials=(Credential(_CREDENTIAL, Scheme.BEARER, ("X_BEARER_TOKEN",)),),
    lookups=(
        # Counters only and nothing expanded, at the price of the posts alone; the parser knows such an answer by its fields.
        LookedUp("post", "/2/tweets", (("post.fields", "created_at,id,public_metrics,text"),), _POST_PRICE),
        LookedUp("account", "/2/users", (("user.fields", _USER_FIELDS),), _USER_PRICE),
    ),
    judge=judge,
)
