"""Acts on servers with Mastodon's REST API through the SDK Mastodon.py."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import requests
from mastodon import Mastodon, MastodonNetworkError

from tests.peers.drivers.serving import serve

_TRIES = 20
people: dict[str, Mastodon] = {}


def person(name: str, server: str, token: str) -> str:
    """Log in; the account's address on the web."""
    session = requests.Session()
    session.headers["Connection"] = "close"  # snac closes connections without a word
    # It tells no version that the SDK would take.
    people[name] = Mastodon(
        access_token=token, api_base_url=server, version_check_mode="none", request_timeout=30, session=session
    )
    return str(people[name].me()["url"])


def _told(status: Any) -> dict[str, Any]:
    names = ("id", "uri", "url", "replies_count", "reblogs_count", "favourites_count", "in_reply_to_id", "visibility")
    return {name: status[name] if status[name] is None or isinstance(status[name], int) else str(status[name]) for name in names}


def _again(act: Callable[[], Any]) -> Any:
    """Do what may be done twice until it is answered: snac drops a connection now and then, and is slow to see a new server."""
    for _ in range(_TRIES):
        try:
            return act()
        except (MastodonNetworkError, IndexError):
            time.sleep(0.5)
    return act()


def _posted(by: str, text: str, **more: Any) -> Any:
    """A new status; one that was made although its answer was lost is found again."""

    def found() -> Any:
        mine = people[by].account_statuses(people[by].me()["id"], limit=40)
        return next((status for status in mine if text in str(status["content"])), None)

    for _ in range(_TRIES):
        try:
            return people[by].status_post(text, language="en", **more)
        except MastodonNetworkError:
            time.sleep(0.5)
            made = _again(found)
            if made is not None:
                return made
    raise MastodonNetworkError(f"no answer to {_TRIES} posts")


def post(by: str, text: str, parent: str | None = None, visibility: str = "public") -> dict[str, Any]:
    """Make a status or a reply."""
    return _told(_posted(by, text, in_reply_to_id=parent, visibility=visibility))


def posts(by: str, texts: list[str]) -> list[str]:
    """Make many statuses; their URIs."""
    return [str(_posted(by, text)["uri"]) for text in texts]


def boost(by: str, status: str) -> dict[str, Any]:
    return _told(_again(lambda: people[by].status_reblog(status)))


def favourite(by: str, status: str) -> dict[str, Any]:
    return _told(_again(lambda: people[by].status_favourite(status)))


def status(by: str, status: str) -> dict[str, Any]:
    return _told(_again(lambda: people[by].status(status)))


def seen_as(by: str, uri: str) -> dict[str, Any] | None:
    """A status of another server as this person's server has it; nothing while it has not come."""
    home = _again(lambda: people[by].timeline_home(limit=20))
    return next((_told(each) for each in home if each["uri"] == uri), None)


def follow(by: str, address: str) -> None:
    """Follow an account of any server, which is looked for first."""

    def once() -> None:
        found = people[by].search_v2(address, resolve=True)["accounts"]
        people[by].account_follow(found[0]["id"])

    _again(once)


def delete(by: str, status: str) -> None:
    people[by].status_delete(status)


if __name__ == "__main__":
    serve({function.__name__: function for function in (person, post, posts, boost, favourite, status, seen_as, follow, delete)})
