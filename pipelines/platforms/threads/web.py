"""Posts as the Threads web site and its app carry them (``thread_items``), wherever a scraper's JSON holds them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from pipelines.platforms import values
from pipelines.platforms.posts import Author, Post
from pipelines.platforms.protocol import BadRecord, FileContext, Row
from pipelines.platforms.text import links_in, tags_in
from pipelines.platforms.threads.rows import PLATFORM, media_id, optional_id, username
from pipelines.platforms.times import from_unix, plausible

_DEEPEST: Final = 40
_PARENT: Final = "_answers"
_ROOT: Final = "_root"
_KINDS: Final = {1: "image", 2: "video", 8: "image", 19: None}


def threads_in(document: Any, depth: int = 0) -> Iterator[list[Any]]:
    """Every ``thread_items`` list of a document, in its order."""
    if depth > _DEEPEST:
        return
    if isinstance(document, dict):
        if isinstance(document.get("thread_items"), list):
            yield document["thread_items"]
            return
        for part in document.values():
            yield from threads_in(part, depth + 1)
    elif isinstance(document, list):
        for part in document:
            yield from threads_in(part, depth + 1)


def posts_in(document: Any) -> Iterator[Any]:
    """The posts, each told which one it answers: within a thread that is the one before it."""
    for thread in threads_in(document):
        before = root = None
        for item in thread:
            post = item.get("post") if isinstance(item, dict) else item
            if not isinstance(post, dict):
                yield post
                continue
            named = {"pk": post.get("pk"), "username": values.child(post, "user").get("username")}
            yield {**post, **({_PARENT: before, _ROOT: root} if before else {})}
            root, before = root or named, named


def post_rows(post: dict[str, Any], context: FileContext) -> list[Row]:
    """Rows of one post and its author. Raises BadRecord."""
    native_id = media_id(post.get("pk"), "pk")
    user = values.child(post, "user")
    author = username(user.get("username"))
    taken = post.get("taken_at")
    if isinstance(taken, bool) or not isinstance(taken, int | float):
        raise BadRecord("missing_field", f"taken_at is {str(taken)[:40]!r}, no Unix time", "taken_at")
    published_at = plausible(from_unix(taken, "taken_at"), context.observed_at, "taken_at")
    info = values.child(post, "text_post_app_info")
    fragments = values.mappings(values.child(info, "text_fragments").get("fragments"))
    text = values.text(values.child(post, "caption").get("text")) or "".join(
        values.texts([part.get("plaintext") for part in fragments])
    )
    answered, root = values.child(post, _PARENT), values.child(post, _ROOT)
    shared = values.child(info, "share_info")
    quoted = values.child(shared, "quoted_post")
    link = values.text(values.child(info, "link_preview_attachment").get("url"))
    parent, quoted_id = optional_id(answered.get("pk")), optional_id(quoted.get("pk"))
    key = context.pseudonyms.key
    code = values.text(post.get("code"))
    row = Post(
        native_id,
        author,
        text,
        published_at,
        context.observed_at,
        url=f"https://www.threads.com/@{author}/post/{code}" if author and code else None,
        tags=tags_in(text),
        links=[*links_in(text), *([link] if link else [])],
        counters={
            "like_count": values.count(post.get("like_count"), "like_count"),
            "comment_count": values.count(info.get("direct_reply_count"), "direct_reply_count"),
            "repost_count": values.count(info.get("repost_count"), "repost_count"),
            "quote_count": values.count(info.get("quote_count"), "quote_count"),
            "share_count": values.count(info.get("reshare_count"), "reshare_count"),
        },
        more={
            "post_type": "reply" if parent or info.get("is_reply") is True else "quote" if quoted_id else "post",
            "parent_post_key": key(PLATFORM, parent) if parent else None,
            "root_post_key": key(PLATFORM, native) if (native := optional_id(root.get("pk"))) else None,
            "media_kind": _kind(post) or ("link" if link else "none"),
        },
    )
    rows = row.rows(context)
    for kind, other, target in (("reply", answered, parent), ("quote", values.child(quoted, "user"), quoted_id)):
        if target:
            rows.append(row.edge(context, kind, target_id=username(other.get("username")), target_post=target))
    if author:
        owner = Author(author, handle=author, display_name=values.text(user.get("full_name")), status="active")
        rows += owner.rows(context, context.observed_at, context.observed_quality)
    return rows


def _kind(post: dict[str, Any]) -> str | None:
    kind = post.get("media_type")
    return _KINDS.get(kind) if isinstance(kind, int) and (post.get("image_versions2") or post.get("video_versions")) else None
