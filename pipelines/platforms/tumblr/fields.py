"""Tumblr values: names of blogs, ids of posts, and what a post says in either of the API's two content formats."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Final

from pipelines.platforms import values
from pipelines.platforms.html import text_and_links
from pipelines.platforms.text import links_in

# A blog that was given up keeps its posts' addresses under its name and the day.
_GIVEN_UP: Final = re.compile(r"-deactivated\d{0,8}$")
_ADDRESSES: Final = tuple(
    map(
        re.compile,
        (
            r"//www\.tumblr\.com/(?:blog/view/)?([\w-]+)/(\d+)",
            r"//(?!www\.)([\w-]+)\.tumblr\.com/(?:post|image)/(\d+)",
        ),
    )
)
_LEGACY_TEXTS: Final = ("title", "body", "text", "caption", "description", "question", "answer")
_LEGACY_KINDS: Final = {
    "photo": "image",
    "video": "video",
    "audio": "audio",
    "link": "link",
    "text": "none",
    "quote": "none",
    "chat": "none",
    "answer": "none",
}
_BLOCK_KINDS: Final = ("video", "image", "audio", "link")


@dataclass(frozen=True, slots=True)
class Said:
    """What a blog itself says in a post: a reblog's own part, not what it passes on."""

    text: str = ""
    links: list[str] = field(default_factory=list)
    mentioned: list[str] = field(default_factory=list)  # blog names
    asked_by: str | None = None  # whose public question the post answers
    media_kind: str | None = None
    sound: str | None = None


def blog_id(value: Any, field_name: str) -> str:
    """The native id of a blog: its name in lower case, without what marks it as given up. Raises BadRecord ``missing_id``."""
    name = values.required_text(value, field_name).lower().removesuffix(".tumblr.com")
    return values.required_text(_GIVEN_UP.sub("", name), field_name)


def post_id(blog: str, number: Any, field_name: str) -> str:
    """The native id of a post: ``blog/number``, since the API finds no post by its number alone. Raises BadRecord."""
    return f"{blog}/{values.required_text(number, field_name)}"


def address_parts(url: Any) -> tuple[str, str] | None:
    """(blog, number) of a post's address on Tumblr itself; None for a domain of the blog's own."""
    written = values.text(url) or ""
    found = next(filter(None, (form.search(written) for form in _ADDRESSES)), None)
    return (blog_id(found[1], "url"), found[2]) if found else None


def said(post: dict[str, Any], *, is_reblog: bool) -> Said:
    """What the blog says in a post, from blocks ('NPF') or from the older fields of its type."""
    content = post.get("content")
    return _blocks(content, post) if isinstance(content, list) else _legacy(post, is_reblog=is_reblog)


def _blocks(content: list[Any], post: dict[str, Any]) -> Said:
    blocks = values.mappings(content)
    texts = [value for block in blocks for value in values.texts([block.get(name) for name in ("title", "text", "description")])]
    formats = [mark for block in blocks for mark in values.mappings(block.get("formatting"))]
    links = [*(mark.get("url") for mark in formats if mark.get("type") == "link"), *_linked(blocks)]
    named = [values.child(mark, "blog").get("name") for mark in formats if mark.get("type") == "mention"]
    asks = [layout for layout in values.mappings(post.get("layout")) if layout.get("type") == "ask"]
    asked_by = [values.child(values.child(layout, "attribution"), "blog").get("name") for layout in asks]
    audio = next((block for block in blocks if block.get("type") == "audio"), {})
    kinds = {values.text(block.get("type")) for block in blocks}
    text = "\n".join(texts)
    return Said(
        text,
        [*values.texts(links), *links_in(text)],
        values.texts(named),
        next(iter(values.texts(asked_by)), None),
        next((kind for kind in _BLOCK_KINDS if kind in kinds), "none"),
        _sound(audio.get("title"), audio.get("artist")),
    )


def _linked(blocks: list[dict[str, Any]]) -> list[Any]:
    return [block.get("url") for block in blocks if block.get("type") == "link"]


def _legacy(post: dict[str, Any], *, is_reblog: bool) -> Said:
    kind = values.text(post.get("type")) or ""
    own = values.child(post, "reblog").get("comment")
    # The body of a reblog repeats everything above it; only ``comment`` is the blog's own.
    parts = [own] if is_reblog else [post.get(name) for name in _LEGACY_TEXTS]
    read = [text_and_links(part) for part in values.texts(parts)]
    asked_by = values.text(post.get("asking_name"))
    links = [link for _, found in read for link in found]
    if kind == "link" and not is_reblog:
        links = [*values.texts([post.get("url")]), *links]
    text = "\n".join(shown for shown, _ in read if shown)
    return Said(
        text,
        [*links, *links_in(text)],
        [],
        asked_by if asked_by and asked_by.lower() != "anonymous" else None,
        _LEGACY_KINDS.get(kind),
        _sound(post.get("track_name"), post.get("artist")),
    )


def _sound(title: Any, artist: Any) -> str | None:
    # A title alone is shared by tracks that have nothing to do with each other.
    names = (values.text(title), values.text(artist))
    return "|".join(name.strip().casefold() for name in names if name) if all(names) else None
