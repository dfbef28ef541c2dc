"""How feeds are asked: each watched address once a night, and only for what changed since. Pure turns."""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from pipelines.http.protocol import Budget, Cursor, Page, PlatformClient, Request, Turn, WatchItem, Window

_OK: Final = 200
# Response header that names a version -> request header that asks for a newer one (RFC 9110, section 13.1).
_VALIDATORS: Final = {"etag": "If-None-Match", "last-modified": "If-Modified-Since"}
_ACCEPT: Final = {
    "xml": "application/rss+xml, application/atom+xml, application/rdf+xml, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.1",
    "json": "application/feed+json, application/json;q=0.9, */*;q=0.1",
}


class Feeds:
    """One feed. What its server says of the version is kept, so that an unchanged feed is not sent again."""

    name = "feeds"
    about = (
        "a feed's address: https://www.example.org/feed.xml; option format: json for a JSON Feed whose address does not end so"
    )

    def begin(self, item: WatchItem, cursor: Cursor, window: Window) -> Turn:
        """The feed, if it changed. Raises ValueError for what is no web address or no known form of feed."""
        try:
            parts = urlsplit(item.value.strip())
        except ValueError as error:
            raise ValueError(f"feeds: {item.value!r} is no address: {error}; write https://host/path") from None
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username is not None:
            raise ValueError(
                f"feeds: {item.value!r} is no address of a feed; write https://host/path, without a name or password"
            )
        form = item.options.get("format", "json" if parts.path.endswith(".json") else "xml")
        if form not in _ACCEPT:
            raise ValueError(f"feeds: format is {form!r}; write xml or json")
        known = ((sent, cursor.get(said)) for said, sent in _VALIDATORS.items())
        request = Request(
            urlunsplit((parts.scheme, parts.netloc, parts.path or "/", "", "")),
            tuple(parse_qsl(parts.query, keep_blank_values=True)),
            headers=(("Accept", _ACCEPT[form]), *((name, version) for name, version in known if isinstance(version, str))),
            suffix=f".{form}",
        )
        return Turn((request,), cursor)

    def after(self, item: WatchItem, cursor: Cursor, window: Window, page: Page) -> Turn:
        """Nothing further; the version that came is kept, and that of an unchanged or missing feed stays."""
        if page.status != _OK:
            return Turn((), cursor)
        return Turn((), {said: page.headers[said] for said in _VALIDATORS if page.headers.get(said)})


CLIENT: Final = PlatformClient(
    server="https://feeds.invalid",  # every feed has its own: no server of this name can exist
    hosts=(),
    budget=Budget(units=5_000, requests_per_second=2.0),
    sources=(Feeds(),),
)
