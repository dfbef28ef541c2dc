"""How Tumblr's API v2 is asked: posts of a tag and of a blog, back in time by ``before``; posts and blogs looked up by id."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from pipelines.http.protocol import (
    Budget,
    Credential,
    Cursor,
    Page,
    PlatformClient,
    Request,
    Scheme,
    Turn,
    WatchItem,
    Window,
)
from pipelines.platforms import values

SERVER: Final = "https://api.tumblr.com"
PAGE_COUNT: Final = 20  # the most that one request gives
OVERLAP: Final = timedelta(days=3)  # notes still come in, and posts can be dated back
_CREDENTIAL: Final = Credential("consumer", Scheme.QUERY, ("TUMBLR_CONSUMER_KEY",), parameter="api_key")
_TOLD: Final = (("reblog_info", "true"), ("notes_info", "true"), ("npf", "true"))


def _request(url: str, *query: tuple[str, str], asked: Sequence[str] = (), asked_for: str = "") -> Request:
    return Request(url, query, credential=_CREDENTIAL.name, asked=tuple(asked), asked_for=asked_for)


class Backwards:
    """Posts from the newest back to what the last night saw, a page at a time."""

    name: str
    about: str

    def url(self, item: WatchItem) -> str:
        """The address to ask. Raises ValueError."""
        raise NotImplementedError

    def query(self, item: WatchItem) -> tuple[tuple[str, str], ...]:
        """What to ask for, without the place in time."""
        raise NotImplementedError

    def begin(self, item: WatchItem, cursor: Cursor, window: Window) -> Turn:
        """The newest page before the window's end. Raises ValueError."""
        return Turn((self._page(item, int(window.ends_at.timestamp())),), cursor)

    def _page(self, item: WatchItem, before: int) -> Request:
        return _request(self.url(item), *self.query(item), ("limit", str(PAGE_COUNT)), ("before", str(before)))

    def after(self, item: WatchItem, cursor: Cursor, window: Window, page: Page) -> Turn:
        """The page before this one, unless it reaches what was seen before, is empty, or does not lead further back."""
        seen = cursor.get("seen_until")
        floor = datetime.fromisoformat(seen) - OVERLAP if isinstance(seen, str) else window.begins_at
        answer = values.optional_mapping(page.json()).get("response")
        listed = values.mappings(answer.get("posts") if isinstance(answer, dict) else answer)
        # A featured tag is ordered by when its posts were featured.
        times = [post.get("featured_timestamp") or post.get("timestamp") for post in listed]
        oldest = min((time for time in times if isinstance(time, int) and not isinstance(time, bool)), default=0)
        asked = int(dict(page.request.query)["before"])
        # Posts of the oldest second may lie on both sides of the page's edge: they are asked for again while that leads back.
        before = oldest + 1 if oldest + 1 < asked else oldest
        if before < asked and oldest >= max(floor, window.begins_at).timestamp():
            return Turn((self._page(item, before),), cursor)
        return Turn((), {"seen_until": window.ends_at.isoformat()})


class Tags(Backwards):
    """Posts with a tag, on all blogs."""

    name = "tags"
    about = "a tag as Tumblr writes it, blanks included, as 'stay at home mom'"

    def url(self, item: WatchItem) -> str:
        """``/v2/tagged``."""
        return f"{item.server}/v2/tagged"

    def query(self, item: WatchItem) -> tuple[tuple[str, str], ...]:
        """The tag. Raises ValueError for an empty one."""
        tag = item.value.strip().lstrip("#").strip()
        if not tag:
            raise ValueError(f"tumblr tags: the value is empty; write {self.about}")
        return (("tag", tag), ("npf", "true"))


class Accounts(Backwards):
    """Posts of a blog, with the blog's profile on each page."""

    name = "accounts"
    about = "a blog's name, as 'staff' or 'staff.tumblr.com'"

    def url(self, item: WatchItem) -> str:
        """``/v2/blog/{name}/posts``. Raises ValueError for what is no name."""
        name = item.value.strip().lstrip("@")
        if not name or "/" in name:
            raise ValueError(f"tumblr accounts: {item.value!r} is no name of a blog; write {self.about}")
        return f"{item.server}/v2/blog/{name}/posts"

    def query(self, item: WatchItem) -> tuple[tuple[str, str], ...]:
        """Reblog sources and notes too; only posts of a tag with the option ``tag``."""
        tag = values.text(item.options.get("tag"))
        return (*_TOLD, ("tag", tag)) if tag else _TOLD


class PostLookup:
    """One post of a blog: a native id is ``blog/number``. The ids that study tables give are of no post that the API knows."""

    asked_for = "post"
    batch_count = 1

    def requests(self, ids: Sequence[str], server: str) -> tuple[Request, ...]:
        """A request for each id that names a blog and a number."""
        parts = [(native_id, *native_id.partition("/")[::2]) for native_id in ids]
        return tuple(
            _request(f"{server}/v2/blog/{blog}/posts", ("id", number), *_TOLD, asked=(native_id,), asked_for=self.asked_for)
            for native_id, blog, number in parts
            if number.isdecimal()
        )


class AccountLookup:
    """Blogs by name, one a request."""

    asked_for = "account"
    batch_count = 1

    def requests(self, ids: Sequence[str], server: str) -> tuple[Request, ...]:
        """One request for each blog."""
        return tuple(_request(f"{server}/v2/blog/{name}/info", asked=(name,), asked_for=self.asked_for) for name in ids)


CLIENT: Final = PlatformClient(
    server=SERVER,
    hosts=("api.tumblr.com",),
    budget=Budget(units=5_000, requests_per_second=1.0, resets="calendar day; 1,000 an hour"),
    sources=(Tags(), Accounts()),
    credentials=(_CREDENTIAL,),
    lookups=(PostLookup(), AccountLookup()),
)
