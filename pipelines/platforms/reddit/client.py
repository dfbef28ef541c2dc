"""How Reddit is asked: its OAuth API, and Arctic Shift's public archive as a second source without a login. Pure turns."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

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

SERVER: Final = "https://oauth.reddit.com"
ARCHIVE_SERVER: Final = "https://arctic-shift.photon-reddit.com"
CREDENTIAL: Final = "reddit"
_OVERLAP: Final = timedelta(hours=6)  # posts wait in moderation queues and then appear with their old time
_PAGE_COUNT: Final = 100
_DEEPEST: Final = 1_000  # no listing of Reddit goes further back
_MOST_STUBS: Final = 1_000  # comments of one thread that are asked for beyond its first page
_SUBREDDIT: Final = re.compile(r"(?:/?r/)?(\w{2,21})/?", re.ASCII)
_ACCOUNT: Final = re.compile(r"(?:/?u(?:ser)?/)?([\w-]{3,20})/?", re.ASCII)
_THREAD: Final = re.compile(r"(?:https?://\S+/comments/|t3_)?([a-z0-9]{1,10})(?:/\S*)?", re.ASCII)

_Query = tuple[tuple[str, str], ...]


def _named(pattern: re.Pattern[str], item: WatchItem, example: str) -> str:
    found = pattern.fullmatch(item.value.strip())
    if found is None:
        raise ValueError(f"reddit {item.source}: {item.value!r} cannot be asked about; write it as {example}")
    return found[1]


def _asked(item: WatchItem, path: str, *query: tuple[str, str]) -> Request:
    return Request(f"{item.server}{path}", query, credential=CREDENTIAL)


def _children(answer: Any) -> list[dict[str, Any]]:
    return [
        values.child(child, "data")
        for child in values.mappings(values.child(values.optional_mapping(answer), "data").get("children"))
    ]


def _created(data: Mapping[str, Any]) -> datetime | None:
    seconds = data.get("created_utc")
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds < 4e9:
        return None
    return datetime.fromtimestamp(seconds, UTC)


class _Listings:
    """Listings from new to old, page by page, until what the last night knew."""

    name: str
    about: str

    def begin(self, item: WatchItem, cursor: Cursor, window: Window) -> Turn:
        """The first page of each listing. Raises ValueError for a name that Reddit cannot have."""
        return Turn(tuple(self.first(item)), since.begun(cursor, window, _OVERLAP))

    def first(self, item: WatchItem) -> Iterator[Request]:
        """The first request of each listing."""
        raise NotImplementedError

    def after(self, item: WatchItem, cursor: Cursor, window: Window, page: Page) -> Turn:
        """The next page, unless the listing ends, repeats itself, or is older than what is known."""
        answer = page.json()
        times = [found for found in map(_created, _children(answer)) if found]
        kept = since.seen(cursor, window, times)
        query = dict(page.request.query)
        token = values.child(values.optional_mapping(answer), "data").get("after")
        count = int(query.get("count", "0")) + _PAGE_COUNT
        # A pinned thing may stand first; the last one tells how far back the page goes.
        is_old = not times or times[-1] < since.since_of(cursor, window)
        if not isinstance(token, str) or not token or token == query.get("after") or is_old or count >= _DEEPEST:
            return Turn((), kept)
        further = tuple((query | {"after": token, "count": str(count)}).items())
        return Turn((Request(page.request.url, further, credential=CREDENTIAL),), kept)


class Subreddits(_Listings):
    """New posts of a subreddit, and its new comments where the watchlist says ``comments: true``."""

    name = "subreddits"
    about = "a subreddit: Visiblemending; option comments: true asks for its new comments too"

    def first(self, item: WatchItem) -> Iterator[Request]:
        """New posts, new comments."""
        subreddit = _named(_SUBREDDIT, item, "Visiblemending")
        yield _asked(item, f"/r/{subreddit}/new", ("limit", str(_PAGE_COUNT)))
        if item.options.get("comments") is True:
            yield _asked(item, f"/r/{subreddit}/comments", ("limit", str(_PAGE_COUNT)))


class Accounts(_Listings):
    """An account's profile and posts, and its comments where the watchlist says ``comments: true``."""

    name = "accounts"
    about = "an account's name: some_mender; option comments: true asks for its comments too"

    def first(self, item: WatchItem) -> Iterator[Request]:
        """The profile, posts, comments."""
        account = _named(_ACCOUNT, item, "some_mender")
        yield _asked(item, f"/user/{account}/about")
        for part in ("submitted", "comments")[: 2 if item.options.get("comments") is True else 1]:
            yield _asked(item, f"/user/{account}/{part}", ("limit", str(_PAGE_COUNT)), ("sort", "new"))


class Queries(_Listings):
    """What a search finds, newest first."""

    name = "queries"
    about = 'a search: "visible mending"; option subreddit: Visiblemending searches there only'

    def first(self, item: WatchItem) -> Iterator[Request]:
        """The search's first page."""
        query: _Query = (("q", item.value), ("sort", "new"), ("type", "link"), ("limit", str(_PAGE_COUNT)))
        within = item.options.get("subreddit")
        if not item.value.strip():
            raise ValueError("reddit queries: an empty search; write what to search for")
        yield _asked(item, f"/r/{within}/search", *query, ("restrict_sr", "1")) if within else _asked(item, "/search", *query)


class Threads:
    """One post with all its comments, asked for anew each night."""

    name = "threads"
    about = "a post's id or address: 1abcde"

    def begin(self, item: WatchItem, cursor: Cursor, window: Window) -> Turn:
        """The post with its first comments. Raises ValueError for what is no post."""
        thread = _named(_THREAD, item, "1abcde, t3_1abcde or the post's address")
        return Turn((_asked(item, f"/comments/{thread}", ("limit", "500"), ("sort", "new")),), cursor)

    def after(self, item: WatchItem, cursor: Cursor, window: Window, page: Page) -> Turn:
        """What the first page left out, a hundred at a time; what these leave out again is not asked for."""
        if not page.request.url.endswith(f"/comments/{_named(_THREAD, item, '1abcde')}"):
            return Turn((), cursor)
        stubs = list(dict.fromkeys(_stubs_in(page.json())))[:_MOST_STUBS]
        thread = f"t3_{_named(_THREAD, item, '1abcde')}"
        return Turn(
            tuple(
                _asked(
                    item,
                    "/api/morechildren",
                    ("link_id", thread),
                    ("children", ",".join(stubs[start : start + _PAGE_COUNT])),
                    ("api_type", "json"),
                )
                for start in range(0, len(stubs), _PAGE_COUNT)
            ),
            cursor,
        )


def _stubs_in(answer: Any) -> Iterator[str]:
    """Ids of comments that a tree names and does not hold."""
    waiting = [answer]
    while waiting:
        node = waiting.pop()
        if isinstance(node, list):
            waiting += reversed(node)
        elif isinstance(node, dict):
            data = values.child(node, "data")
            if node.get("kind") == "more":
                yield from values.texts(data.get("children"))
            else:
                waiting += [data.get("replies"), data.get("children")]


class _Archived:
    """Arctic Shift's copy of a subreddit or an account, from old to new. There is no next-page token: pages overlap by time."""

    name: str
    about: str
    parameter: str
    pattern: re.Pattern[str]

    def begin(self, item: WatchItem, cursor: Cursor, window: Window) -> Turn:
        """The first page of posts and of comments. Raises ValueError for a name that Reddit cannot have."""
        named = _named(self.pattern, item, "Visiblemending")
        kept = since.begun(cursor, window, _OVERLAP) | {"ids": {}}
        begins = int(since.since_of(kept, window).timestamp())
        server = ARCHIVE_SERVER if item.server == SERVER else item.server
        query: _Query = (
            (self.parameter, named),
            ("before", str(int(window.ends_at.timestamp()) + 1)),
            ("sort", "asc"),
            ("limit", str(_PAGE_COUNT)),
            ("after", str(begins)),
        )
        return Turn(tuple(Request(f"{server}/api/{part}/search", query) for part in ("posts", "comments")), kept)

    def after(self, item: WatchItem, cursor: Cursor, window: Window, page: Page) -> Turn:
        """The next page begins a second before the last thing of this one; a page with nothing new ends it."""
        lines = values.mappings(values.optional_mapping(page.json()).get("data"))
        times = [found for found in map(_created, lines) if found]
        ids = [found for found in (values.text(line.get("id")) for line in lines) if found]
        known = values.child(dict(cursor), "ids")
        kept = since.seen(cursor, window, times) | {"ids": {**known, page.request.url: ids}}
        query = dict(page.request.query)
        asked_from = int(query["after"])
        is_new = not set(ids) <= set(values.texts(known.get(page.request.url)))
        last = int(max(times).timestamp()) if times else 0
        next_from = last - 1 if is_new else asked_from
        if next_from <= asked_from and len(lines) >= _PAGE_COUNT:
            next_from = last  # a whole page of one second: what else that second holds cannot be asked for
        if not asked_from < next_from <= window.ends_at.timestamp():
            return Turn((), kept)
        return Turn((Request(page.request.url, tuple((query | {"after": str(next_from)}).items())),), kept)


class ArchivedSubreddits(_Archived):
    """A subreddit's posts and comments."""

    name = "archived_subreddits"
    about = "a subreddit in Arctic Shift's archive, without a login: Visiblemending"
    parameter = "subreddit"
    pattern = _SUBREDDIT


class ArchivedAccounts(_Archived):
    """An account's posts and comments."""

    name = "archived_accounts"
    about = "an account in Arctic Shift's archive, without a login: some_mender"
    parameter = "author"
    pattern = _ACCOUNT


class PostLookup:
    """Posts and comments by fullname. What is gone is left out or comes back with marks in place of its text."""

    asked_for = "post"
    batch_count = 100

    def requests(self, ids: Sequence[str], server: str) -> tuple[Request, ...]:
        """One request."""
        named = tuple(each for each in ids if each.startswith(("t1_", "t3_")))
        query = (("id", ",".join(named)),)
        request = Request(f"{server}/api/info", query, credential=CREDENTIAL, asked=named, asked_for=self.asked_for)
        return (request,) if named else ()


class AccountLookup:
    """A profile by its name; there is no way to ask for several by name."""

    asked_for = "account"
    batch_count = 1

    def requests(self, ids: Sequence[str], server: str) -> tuple[Request, ...]:
        """One request for each account."""
        return tuple(
            Request(f"{server}/user/{name}/about", credential=CREDENTIAL, asked=(name,), asked_for=self.asked_for) for name in ids
        )


def judge(page: Page) -> Judgement | None:
    """What an answer means where its status misleads: limits told in a 200, places that are closed or banned as 403."""
    answer = values.optional_mapping(page.json())
    if page.status == 200:
        errors = values.sequence(values.child(answer, "json").get("errors"))
        said = [str(error[0]) for error in errors if isinstance(error, list) and error]
        return Judgement(Answer.WAIT, "too many requests") if "RATELIMIT" in said else None
    if page.status in {403, 404} and answer.get("reason") in {"private", "banned", "quarantined", "gated"}:
        return Judgement(Answer.GONE, f"the place is {answer['reason']}")
    if page.status == 403 and not answer:
        return Judgement(Answer.REFUSED, "blocked: Reddit wants a User-Agent of one's own that says who asks")
    return None


CLIENT: Final = PlatformClient(
    server=SERVER,
    hosts=("oauth.reddit.com", "www.reddit.com", "arctic-shift.photon-reddit.com"),
    budget=Budget(units=20_000, requests_per_second=1.5, resets="10 minutes"),
    sources=(Subreddits(), Accounts(), Queries(), Threads(), ArchivedSubreddits(), ArchivedAccounts()),
    credentials=(
        Credential(
            CREDENTIAL,
            Scheme.CLIENT_CREDENTIALS,
            ("REDDIT_CLIENT_ID", "REDDIT_CLIENT_SECRET"),
            token_url="https://www.reddit.com/api/v1/access_token",  # noqa: S106 - an address
            is_basic=True,
        ),
    ),
    lookups=(PostLookup(), AccountLookup()),
    refresh_days=30,  # deletions are to be followed, in no time that the terms name
    judge=judge,
)
