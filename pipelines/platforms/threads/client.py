"""How the Threads API is asked: searches, public profiles, one's own posts with their insights. No I/O."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
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
from pipelines.platforms.protocol import BadRecord
from pipelines.platforms.threads.rows import optional_id, username
from pipelines.platforms.times import from_iso

_CREDENTIAL: Final = "user"
_VERSION: Final = "/v1.0"
# Two limits of 24 hours share one budget: 2,200 searches of one unit, and 1,000 questions about public profiles.
_UNITS_A_DAY: Final = 2_200
_PROFILE_PRICE: Final = 3
_FIELDS: Final = (
    "id,media_product_type,media_type,permalink,username,text,timestamp,shortcode,children,is_quote_post,quoted_post,"
    "reposted_post,has_replies,link_attachment_url,topic_tag,is_verified"
)
_REPLY_FIELDS: Final = f"{_FIELDS},is_reply,root_post,replied_to"
_PROFILE_FIELDS: Final = "id,username,name,is_verified,threads_biography"
_METRICS: Final = "views,likes,replies,reposts,quotes,shares"
_PAGE_SIZE: Final = "50"
_OVERLAP: Final = timedelta(days=1)
_WATCHED: Final = timedelta(days=30)  # how long the counters of an own post are asked for
_EARLIEST: Final = 1_688_540_400  # the API refuses times before its platform began
_MOST_PAGES: Final = 40
_MOST_FURTHER_PAGES: Final = 100  # of all conversations together
_LONGEST_QUERY: Final = 200
_NAME: Final = re.compile(r"[A-Za-z0-9_.]{1,30}")
_PROFILE: Final = re.compile(r"https?://(?:www\.)?threads\.(?:net|com)/@([\w.]+)/?(?:\?.*)?")
_GONE_SUBCODE: Final = 33
_RATE_CODES: Final = frozenset({4, 17, 32, 613, 80_002})


def _seconds(moment: datetime) -> str:
    return str(max(int(moment.timestamp()), _EARLIEST))


def _floor(cursor: Cursor, window: Window) -> datetime:
    """How far back to ask: a little before the newest that earlier nights saw, or the window's beginning."""
    newest = cursor.get("newest")
    # A post dated in the future must not hide all that is made until then.
    return min(datetime.fromisoformat(newest), window.ends_at) - _OVERLAP if isinstance(newest, str) else window.begins_at


def _span(cursor: Cursor, window: Window) -> tuple[tuple[str, str], ...]:
    return ("since", _seconds(_floor(cursor, window))), ("until", _seconds(window.ends_at)), ("limit", _PAGE_SIZE)


def _request(item: WatchItem, path: str, query: tuple[tuple[str, str], ...], cost: int = 1) -> Request:
    return Request(f"{item.server}{_VERSION}/{path}", query, credential=_CREDENTIAL, cost=cost)


def _times(page: Page) -> list[datetime]:
    found = []
    for post in values.mappings(values.optional_mapping(page.json()).get("data")):
        try:
            found.append(from_iso(str(post.get("timestamp")), "timestamp"))
        except BadRecord:
            continue
    return found


def _begun(cursor: Cursor) -> dict[str, Any]:
    return {name: cursor[name] for name in ("newest",) if name in cursor}


def _seen(cursor: Cursor, page: Page) -> dict[str, Any]:
    """The cursor with the newest post of this page, which counts once the chain has come to its end."""
    times = [moment.isoformat() for moment in _times(page)]
    before = [cursor["seen"]] if isinstance(cursor.get("seen"), str) else []
    newest = max([*times, *before], default=None)
    state = {**cursor, "page_count": int(cursor.get("page_count", 0)) + 1}
    return {**state, "seen": newest} if newest else state


def _ended(cursor: Cursor) -> Cursor:
    newest = max((cursor[name] for name in ("newest", "seen") if isinstance(cursor.get(name), str)), default=None)
    return {"newest": newest} if newest else {}


def _next(page: Page, cursor: Cursor, window: Window) -> Request | None:
    """The next page; none where the cursor is missing or repeated, the page is empty, or it lies before what is asked about."""
    body = values.optional_mapping(page.json())
    paging = values.child(body, "paging")
    token = values.text(values.child(paging, "cursors").get("after"))
    asked = dict(page.request.query)
    times = _times(page)
    is_old = bool(times) and "since" in asked and max(times) < min(_floor(cursor, window), window.begins_at) - _OVERLAP
    is_last = not values.sequence(body.get("data")) or token is None or token == asked.get("after")
    if is_last or is_old or int(cursor.get("page_count", 0)) >= _MOST_PAGES:
        return None
    # The address in ``paging.next`` is not followed: it holds the access token.
    query = (*((name, value) for name, value in page.request.query if name != "after"), ("after", str(token)))
    return Request(page.request.url, query, credential=_CREDENTIAL, cost=page.request.cost)


@dataclass(slots=True)
class Found:
    """What the search for a word or a topic finds, newest first. Others' posts carry no counters."""

    name: str
    about: str
    mode: str

    def begin(self, item: WatchItem, cursor: Cursor, window: Window) -> Turn:
        """The first page. Raises ValueError."""
        wanted = item.value.strip().lstrip("#\uff03").strip() if self.mode == "TAG" else item.value.strip()
        if not 0 < len(wanted) <= _LONGEST_QUERY:
            raise ValueError(f"{item.value!r} cannot be searched for: write {self.about}")
        query = (("q", wanted), ("search_type", "RECENT"), ("search_mode", self.mode), ("fields", _FIELDS))
        return Turn((_request(item, "keyword_search", (*query, *_span(cursor, window))),), _begun(cursor))

    def after(self, item: WatchItem, cursor: Cursor, window: Window, page: Page) -> Turn:
        """Further pages."""
        state = _seen(cursor, page)
        following = _next(page, state, window)
        return Turn((following,), state) if following else Turn((), _ended(state))


@dataclass(slots=True)
class Accounts:
    """A public profile, then its posts: of accounts with a hundred followers or more, where the app may discover profiles."""

    name: str = "accounts"
    about: str = "a handle or a profile's address: moss"

    def begin(self, item: WatchItem, cursor: Cursor, window: Window) -> Turn:
        """The profile, for its followers. Raises ValueError."""
        named = (("username", self._handle(item.value)),)
        return Turn((_request(item, "profile_lookup", named, _PROFILE_PRICE),), _begun(cursor))

    def after(self, item: WatchItem, cursor: Cursor, window: Window, page: Page) -> Turn:
        """The posts after the profile, and further pages of them."""
        if page.request.url.endswith("/profile_lookup"):
            named = (("username", self._handle(item.value)), ("fields", _FIELDS), *_span(cursor, window))
            return Turn((_request(item, "profile_posts", named, _PROFILE_PRICE),), cursor)
        state = _seen(cursor, page)
        following = _next(page, state, window)
        return Turn((following,), state) if following else Turn((), _ended(state))

    def _handle(self, value: str) -> str:
        profile = _PROFILE.fullmatch(value.strip())
        name = profile[1] if profile else value.strip().removeprefix("@")
        if not _NAME.fullmatch(name):
            raise ValueError(f"{value!r} is no account on Threads: write {self.about}")
        return name.lower()


@dataclass(slots=True)
class Own:
    """The posts and replies of the account whose token it is, each young one with its insights, and its conversations."""

    name: str = "own"
    about: str = "me: the account whose token is used"

    def begin(self, item: WatchItem, cursor: Cursor, window: Window) -> Turn:
        """The profile, the first page of the posts, the first page of the replies. Raises ValueError."""
        if item.value.strip().lower() != "me":
            raise ValueError(f"{item.value!r} cannot be asked about as one's own: write me")
        # Counters of a month are asked for again, so its posts are listed again too.
        begins_at = min(_floor(cursor, window), window.ends_at - _WATCHED)
        span = (("since", _seconds(begins_at)), ("until", _seconds(window.ends_at)), ("limit", _PAGE_SIZE))
        lists = (("me/threads", _FIELDS), ("me/replies", _REPLY_FIELDS))
        requests = [_request(item, "me", (("fields", _PROFILE_FIELDS),))]
        requests += [_request(item, path, (("fields", names), *span)) for path, names in lists]
        return Turn(tuple(requests), _begun(cursor))

    def after(self, item: WatchItem, cursor: Cursor, window: Window, page: Page) -> Turn:
        """The insights of each post of a page, the conversation below each that has replies, and the next page."""
        path = page.request.url.rpartition(f"{_VERSION}/")[2]
        if path.endswith("/conversation"):
            count = int(cursor.get("further_count", 0))
            following = _next(page, {"page_count": 0}, window) if count < _MOST_FURTHER_PAGES else None
            return Turn((following,), {**cursor, "further_count": count + 1}) if following else Turn((), cursor)
        if path not in {"me/threads", "me/replies"}:
            return Turn((), cursor)
        requests = []
        for post in values.mappings(values.optional_mapping(page.json()).get("data")):
            native_id = optional_id(post)
            if native_id and post.get("media_type") != "REPOST_FACADE":
                requests.append(_request(item, f"{native_id}/insights", (("metric", _METRICS),)))
                if path == "me/threads" and post.get("has_replies") is True:
                    query = (("fields", _REPLY_FIELDS), ("reverse", "false"), ("limit", _PAGE_SIZE))
                    requests.append(_request(item, f"{native_id}/conversation", query))
        state = _seen(cursor, page)
        following = _next(page, {**state, "newest": (window.ends_at - _WATCHED).isoformat()}, window)
        kept = {name: state[name] for name in ("page_count", "further_count") if name in state}
        return Turn((*requests, *([following] if following else [])), {**_ended(state), **kept})


@dataclass(slots=True)
class LookedUp:
    """Public profiles by their names. Others' posts cannot be asked for by their ids."""

    asked_for: str = "account"
    batch_count: int = 1

    def requests(self, ids: Sequence[str], server: str) -> tuple[Request, ...]:
        """One request for each name."""
        names = dict.fromkeys(name for native in ids if (name := username(native)) and _NAME.fullmatch(name))
        url = f"{server}{_VERSION}/profile_lookup"
        return tuple(
            Request(
                url, (("username", name),), credential=_CREDENTIAL, cost=_PROFILE_PRICE, asked=(name,), asked_for=self.asked_for
            )
            for name in names
        )


def judge(page: Page) -> Judgement | None:
    """What the API says in its error object, whatever the status is."""
    body = page.json()
    error = values.child(values.optional_mapping(body), "error")
    if not error:
        return (
            Judgement(Answer.AGAIN, "the answer is no JSON object") if page.status == 200 and not isinstance(body, dict) else None
        )
    said = f"{error.get('message', '')} (code {error.get('code')})"[:300]
    if error.get("code") in _RATE_CODES:
        return Judgement(Answer.WAIT, said)
    if error.get("is_transient") is True or error.get("code") in {1, 2}:
        return Judgement(Answer.AGAIN, said)
    if error.get("error_subcode") == _GONE_SUBCODE and not page.request.asked:
        return Judgement(Answer.GONE, said)
    # The same error says that something is not there and that one may not see it: no look-up may take it for a deletion.
    return Judgement(Answer.REFUSED, said)


CLIENT: Final = PlatformClient(
    server="https://graph.threads.net",
    hosts=("graph.threads.net", "graph.threads.com"),
    budget=Budget(units=_UNITS_A_DAY, requests_per_second=1.0, resets="24 hours"),
    sources=(
        Accounts(),
        Found("tags", "a topic, with or without spaces: cottage core", "TAG"),
        Found("queries", "a word or words: clean beauty", "KEYWORD"),
        Own(),
    ),
    credentials=(Credential(_CREDENTIAL, Scheme.BEARER, ("THREADS_ACCESS_TOKEN",)),),
    lookups=(LookedUp(),),
    judge=judge,
)
