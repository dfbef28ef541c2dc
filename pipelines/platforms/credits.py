"""Whose posts an article links to or embeds: addresses of posts on known platforms, as keys of the posts and of the handles. No fetching."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pipelines.platforms.text import links_in

if TYPE_CHECKING:
    from pipelines.lake.pseudonyms import Pseudonymiser

MOST_CREDITS: Final = 50
"""Of one item: what links to more posts than this is an index page and credits nobody in particular."""
_HOST: Final = r"https?://(?:www\.|m\.|mobile\.|old\.|new\.)?"


@dataclass(frozen=True, slots=True)
class Credit:
    """A post that somebody links to.

    Attributes:
        platform: Of the post.
        native_id: By which the lake keys it; None where the address does not have it.
        handle: Of its author, where the address says it.
    """

    platform: str
    native_id: str | None
    handle: str | None


def _youtube(found: re.Match[str]) -> list[Credit]:
    return [Credit("youtube", found["id"], None)]


def _named(platform: str) -> Callable[[re.Match[str]], list[Credit]]:
    return lambda found: [Credit(platform, found["id"], found["name"])]


def _reddit(found: re.Match[str]) -> list[Credit]:
    return [Credit("reddit", f"t1_{found['comment']}" if found["comment"] else f"t3_{found['id']}", None)]


def _bluesky(found: re.Match[str]) -> list[Credit]:
    # The lake knows posts by the author's DID: where the address has a handle in its place, the author is all it tells.
    who = found["name"]
    if who.startswith("did:"):
        return [Credit("bluesky", f"at://{who}/app.bsky.feed.post/{found['id']}", None)]
    return [Credit("bluesky", None, who)]


def _fediverse(found: re.Match[str]) -> list[Credit]:
    # The same address is that of a post which Mastodon's API or any other server's inbox brought.
    host, name = found["host"].lower(), found["name"]
    address = f"https://{host}/users/{name}/statuses/{found['id']}"
    return [Credit("mastodon", address, f"{name}@{host}"), Credit("activitypub", address, f"{name}@{host}")]


# What each platform's own address form of a post tells. A server of the fediverse can have any name, so it comes last.
_PLACES: Final[tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], list[Credit]]], ...]] = tuple(
    (re.compile(pattern), made)
    for pattern, made in (
        (_HOST + r"tiktok\.com/@(?P<name>[\w.]+)/(?:video|photo)/(?P<id>\d+)", _named("tiktok")),
        (
            _HOST + r"youtube(?:-nocookie)?\.com/(?:watch\?(?:[^#\s]*&)?v=|shorts/|embed/|live/)(?P<id>[\w-]{11})(?![\w-])",
            _youtube,
        ),
        (_HOST + r"youtu\.be/(?P<id>[\w-]{11})(?![\w-])", _youtube),
        (_HOST + r"(?:twitter|x)\.com/(?P<name>\w+)/status(?:es)?/(?P<id>\d+)", _named("x")),
        (_HOST + r"instagram\.com/(?:(?P<name>[\w.]+)/)?(?:p|reel|reels|tv)/(?P<id>[\w-]+)", _named("instagram")),
        (_HOST + r"reddit\.com/(?:r/\w+/|user/[\w-]+/)?comments/(?P<id>\w+)(?:/[^/?#\s]*/(?P<comment>\w+))?", _reddit),
        (_HOST + r"threads\.(?:net|com)/@(?P<name>[\w.]+)/post/[\w-]+", lambda found: [Credit("threads", None, found["name"])]),
        (_HOST + r"bsky\.app/profile/(?P<name>[\w.:-]+)/post/(?P<id>\w+)", _bluesky),
        (
            r"https?://(?P<name>(?!www\.)[\w-]+)\.tumblr\.com/(?:post/)?(?P<id>\d+)",
            lambda found: [Credit("tumblr", f"{found['name'].lower()}/{found['id']}", found["name"])],
        ),
        (r"https?://(?P<host>[\w-]+(?:\.[\w-]+)+)/users/(?P<name>\w+)/statuses/(?P<id>\d+)", _fediverse),
        (r"https?://(?P<host>[\w-]+(?:\.[\w-]+)+)/@(?P<name>\w+)/(?P<id>\d{6,})(?![\w-])", _fediverse),
    )
)


def credits_in(links: Iterable[str]) -> list[Credit]:
    """Distinct posts that links lead to, in their order; a link that is no post of a known platform gives none.

    Args:
        links: Addresses as written.
    """
    found: list[Credit] = []
    for link in links:
        for pattern, made in _PLACES:
            if match := pattern.match(link):
                found += made(match)
                break
    return list(dict.fromkeys(found))


def links_of(bodies: Iterable[Any]) -> list[str]:
    """Distinct links of bodies in HTML or plain text, whether behind words, in a quotation or an embed.

    Args:
        bodies: What is no text is passed over.
    """
    return list(dict.fromkeys(link for body in bodies if isinstance(body, str) for link in links_in(html.unescape(body))))


def credit_columns(links: Iterable[str], pseudonyms: Pseudonymiser) -> Mapping[str, list[str]]:
    """The columns of ``mainstream_items`` that say whom an item credits: keys only, the addresses are dropped.

    Args:
        links: Of the item's body.
        pseudonyms: Makes the keys.
    """
    found = credits_in(links)[:MOST_CREDITS]
    posts = [pseudonyms.key(credit.platform, credit.native_id) for credit in found if credit.native_id]
    handles = [pseudonyms.handle_key(credit.platform, credit.handle) for credit in found if credit.handle]
    return {"credited_post_keys": list(dict.fromkeys(posts)), "credited_handle_keys": list(dict.fromkeys(handles))}
