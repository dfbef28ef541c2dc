"""Tumblr's API v2 answers and study tables of tag use to canonical rows. Content is read by ``fields``."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import Any, Final

from pipelines.platforms import values
from pipelines.platforms.html import text_and_links
from pipelines.platforms.lookups import LookupFormat
from pipelines.platforms.posts import SOCIAL_TABLES, Author, Post
from pipelines.platforms.protocol import BadRecord, FileContext, Framing, NativeFormat, Record, Row, Sample
from pipelines.platforms.tumblr.fields import Said, address_parts, blog_id, post_id, said

TABLES: Final = SOCIAL_TABLES
_GOOD: Final = range(200, 300)
_USE_COLUMNS: Final = ["blog_name", "time_posted", "cascade_id"]


def _status(document: Any) -> int | None:
    """The status inside an envelope, None where the document is none."""
    status = values.child(values.optional_mapping(document), "meta").get("status")
    return status if isinstance(status, int) and not isinstance(status, bool) else None


def _answered(document: Any) -> Any:
    """The ``response`` of an envelope, or a document that was kept without it."""
    return document["response"] if _status(document) is not None and "response" in document else document


def _posts(document: Any) -> list[Any] | None:
    """The posts of an answer: of a blog, of a tag, or a list that a client kept."""
    answer = _answered(document)
    if isinstance(answer, dict):
        answer = answer.get("posts")
    return answer if isinstance(answer, list) else None


def _is_post(item: Any) -> bool:
    return isinstance(item, dict) and "blog_name" in item and "timestamp" in item and ("id" in item or "id_string" in item)


def post_ids_of(document: Any) -> set[str]:
    """Native ids of the posts that an answer holds; a post that names no blog or no id has none."""
    found = set()
    for item in values.mappings(_posts(document)):
        try:
            found.add(_native_post(item))
        except BadRecord:
            continue
    return found


def account_ids_of(document: Any) -> set[str]:
    """The native id of the blog that an answer describes."""
    name = values.text(values.child(values.optional_mapping(_answered(document)), "blog").get("name"))
    return {blog_id(name, "blog.name")} if name else set()


def _native_post(item: dict[str, Any]) -> str:
    return post_id(blog_id(item.get("blog_name"), "blog_name"), item.get("id_string") or item.get("id"), "id")


class Refusal:
    """An envelope whose status is no success: refused as a record, so that nobody takes it for an empty answer."""

    name = "tumblr_error"
    framing = Framing.JSON
    collection_method = "timeline"

    def matches(self, sample: Sample) -> bool:
        """A status outside 200 to 299."""
        status = _status(sample.first_value)
        return status is not None and status not in _GOOD

    def split(self, document: Any) -> Iterable[Any]:
        """The answer as one record."""
        return (document,)

    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:
        """Raises BadRecord with what the API said."""
        meta = values.child(values.mapping(record.value, "answer"), "meta")
        raise BadRecord(
            "error_response", f"{context.file}: Tumblr answered {meta.get('status')}: {meta.get('msg')}"[:250], "meta"
        )


class Posts:
    """Posts of a blog or of a tag: an envelope, its ``response``, or a list of posts. A blog beside them is a record too."""

    name = "tumblr_posts"
    framing = Framing.JSON
    collection_method = "search"

    def matches(self, sample: Sample) -> bool:
        """A list of posts, or the empty one of an envelope."""
        listed = _posts(sample.first_value)
        if listed is None:
            return False
        return any(map(_is_post, listed)) or (not listed and _status(sample.first_value) is not None)

    def split(self, document: Any) -> Iterable[Any]:
        """The blog, if the answer has one, then the posts."""
        answer = _answered(document)
        blog = values.child(answer, "blog") if isinstance(answer, dict) else {}
        return [*([{"blog": blog}] if "name" in blog else []), *(_posts(document) or [])]

    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:
        """Rows of one post or blog. Raises BadRecord."""
        item = values.mapping(record.value, "post")
        if item.keys() == {"blog"}:
            return _blog_rows(values.mapping(item["blog"], "blog"), context)
        return _post_rows(item, context)


class PostLines(Posts):
    """Posts as scrapers append them to a file: one a line."""

    name = "tumblr_post_lines"
    framing = Framing.LINES

    def matches(self, sample: Sample) -> bool:
        """The first line is a post."""
        return _is_post(sample.first_value)

    def split(self, document: Any) -> Iterable[Any]:
        """A line is a record already."""
        return (document,)


class Blog:
    """blog/info."""

    name = "tumblr_blog"
    framing = Framing.JSON
    collection_method = "timeline"

    def matches(self, sample: Sample) -> bool:
        """A blog without posts beside it."""
        answer = values.optional_mapping(_answered(sample.first_value))
        return "name" in values.child(answer, "blog") and "posts" not in answer

    def split(self, document: Any) -> Iterable[Any]:
        """The blog; none where a lookup found none."""
        blog = values.child(values.optional_mapping(_answered(document)), "blog")
        return (blog,) if blog else ()

    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:
        """Rows of one blog. Raises BadRecord."""
        return _blog_rows(values.mapping(record.value, "blog"), context)


def _blog_rows(blog: dict[str, Any], context: FileContext) -> list[Row]:
    name = blog_id(blog.get("name"), "blog.name")
    about, links = text_and_links(values.text(blog.get("description")) or "")
    author = Author(
        name,
        handle=name,
        display_name=values.text(blog.get("title")),
        profile_text=about or None,
        profile_url=values.text(blog.get("url")),
        posts_count=values.count(blog.get("posts"), "blog.posts"),
        links=links if "description" in blog else None,
    )
    return author.rows(context, context.observed_at, context.observed_quality)


def _source(item: dict[str, Any], which: str) -> tuple[str | None, str | None]:
    """(blog, native post id) of what a reblog passes on; ``which`` is 'from' (the post above) or 'root' (the first one)."""
    name, number = values.text(item.get(f"reblogged_{which}_name")), item.get(f"reblogged_{which}_id")
    if name:
        blog = blog_id(name, f"reblogged_{which}_name")
        return blog, post_id(blog, number, f"reblogged_{which}_id") if number else None
    written = item.get(f"reblogged_{which}_url") or (item.get("parent_post_url") if which == "from" else None)
    parts = address_parts(written)
    return (parts[0], post_id(*parts, "url")) if parts else (None, None)


def _post_rows(item: dict[str, Any], context: FileContext) -> list[Row]:
    state = values.text(item.get("state")) or "published"
    if state != "published":
        raise BadRecord("not_public", f"the post's state is {state[:40]!r}: only published posts are read", "state")
    native_id, blog = _native_post(item), blog_id(item.get("blog_name"), "blog_name")
    above, above_id = _source(item, "from")
    root = _source(item, "root")[1] or above_id
    is_reblog = above is not None or bool(values.text(item.get("parent_post_url")))
    content = said(item, is_reblog=is_reblog)
    # A reblog without a word of its own is a repost. Tags do not count: they are the reblogger's, but no comment.
    kind = "post" if not is_reblog else "quote" if content.text else "repost"
    key = context.pseudonyms.key
    post = Post(
        native_id,
        blog,
        content.text,
        values.unix_time(item.get("timestamp"), "timestamp", context),
        context.observed_at,
        url=values.text(item.get("post_url")),
        tags=values.texts(item.get("tags")),
        links=content.links,
        mentioned=[blog_id(name, "mention") for name in content.mentioned],
        # Notes are counted over a post and all its reblogs together, and shown on each of them: they are the first one's.
        counters={} if is_reblog else {"score_count": values.count(item.get("note_count"), "note_count")},
        more={
            "post_type": kind,
            "media_kind": content.media_kind,
            "parent_post_key": key(context.platform, above_id) if above_id else None,
            "root_post_key": key(context.platform, root) if root else None,
            "duration_seconds": values.number(item.get("duration"), "duration"),
            "sound_key": key(context.platform, f"sound:{content.sound}") if content.sound else None,
            "is_sensitive": values.flag(item.get("is_nsfw")),
            "has_paid_label": values.flag(item.get("is_commercial")),
        },
    )
    rows = post.rows(context)
    if is_reblog and (above or above_id):
        rows.append(post.edge(context, kind, target_id=above, target_post=above_id))
    rows += _ask_rows(post, content, context)
    for note in values.sequence(item.get("notes")):
        rows += _note_rows(values.mapping(note, "notes"), native_id, blog, context)
    described = values.child(item, "blog")
    if "name" in described and blog_id(described["name"], "blog.name") == blog:
        return rows + _blog_rows(described, context)
    return rows + Author(blog, handle=blog).rows(context, context.observed_at, context.observed_quality)


def _ask_rows(post: Post, content: Said, context: FileContext) -> list[Row]:
    """A published answer replies to whoever asked, if that is said."""
    if content.asked_by is None:
        return []
    return [post.edge(context, "reply", target_id=blog_id(content.asked_by, "asking_name"))]


def _note_rows(note: dict[str, Any], native_id: str, blog: str, context: FileContext) -> list[Row]:
    """The edge that a note is: a like, a reblog or a reply. Who only reacts gets no profile."""
    kind = values.text(note.get("type"))
    if kind not in {"like", "reblog", "reply"}:  # 'posted' is the post itself; other kinds touch nobody
        return []
    by = blog_id(note.get("blog_name"), "notes.blog_name")
    at = values.unix_time(note.get("timestamp"), "notes.timestamp", context)
    key = context.pseudonyms.key
    edge = {"platform": context.platform, "observed_at": context.observed_at, "ts_quality": "exact", "interacted_at": at}
    if kind != "reblog":
        told = f"like:{by}>{native_id}" if kind == "like" else f"reply:{by}>{native_id}@{int(at.timestamp())}"
        more = {
            "interaction_key": key(context.platform, told),
            "post_key": None,
            "target_post_key": key(context.platform, native_id),
        }
        target = blog
    else:
        reblog = post_id(by, note.get("post_id"), "notes.post_id")
        parent = values.text(note.get("reblog_parent_blog_name"))
        target = blog_id(parent, "notes.reblog_parent_blog_name") if parent else blog
        # Notes hold the reblogs of reblogs too; which post of the parent they pass on is not said.
        above = native_id if target == blog else None
        more = {
            "interaction_key": key(context.platform, f"repost:{reblog}:{above or target}"),
            "post_key": key(context.platform, reblog),
            "target_post_key": key(context.platform, above) if above else None,
        }
    kinds = {"like": "like", "reblog": "repost", "reply": "reply"}
    accounts = {"source_account_key": key(context.platform, by), "target_account_key": key(context.platform, target)}
    return [Row("interactions", edge | more | accounts | {"interaction_type": kinds[kind]})]


class TagUses:
    """A study's table of tag use, ``blog_name,time_posted,cascade_id``: rows of one blog and second are the tags of one post.

    It is taken whole, as bytes, so that those rows meet.
    """

    name = "tumblr_tag_uses_csv"
    framing = Framing.BYTES
    collection_method = "keyword"

    def matches(self, sample: Sample) -> bool:
        """Its column names, after an optional column without a name."""
        return self._columns(sample.head.split(b"\n", 1)[0]) == _USE_COLUMNS

    def _columns(self, line: bytes) -> list[str]:
        try:
            header = next(csv.reader([line.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace").strip()]), [])
        except csv.Error:
            return []
        return [name for name in header if name]

    def split(self, document: Any) -> Iterable[Any]:
        """The posts with their tags; a row that has other columns stays a record of its own. Raises BadRecord."""
        try:
            text = bytes(document).decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise BadRecord("invalid_utf8", f"byte {error.start} is not UTF-8") from error
        found: dict[tuple[str, str], dict[str, Any]] = {}
        bad: list[dict[str, Any]] = []
        try:
            for row in csv.DictReader(io.StringIO(text, newline=""), restkey="more", restval=None):
                cells = [row.get(name) for name in _USE_COLUMNS]
                if "more" in row or not all(isinstance(cell, str) for cell in cells):
                    bad.append({"row": list(row.values())})
                    continue
                blog, at, tag = (str(cell) for cell in cells)
                post = found.setdefault((blog, at), {"blog_name": blog, "time_posted": at, "cascade_ids": []})
                if tag not in post["cascade_ids"]:
                    post["cascade_ids"].append(tag)
        except csv.Error as error:
            raise BadRecord("broken_csv", str(error)) from error
        return [*found.values(), *bad]

    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:
        """Rows of one post. Raises BadRecord."""
        item = values.mapping(record.value, "post")
        if "row" in item:
            raise BadRecord("unexpected_shape", f"the row has other columns than {', '.join(_USE_COLUMNS)}")
        blog = blog_id(item.get("blog_name"), "blog_name")
        published_at = values.time(item.get("time_posted"), "time_posted", context)
        tags = values.texts(item.get("cascade_ids"))
        post = Post(
            # The table has no ids: this one never meets the API's for the same post.
            f"{blog}@{published_at:%Y-%m-%dT%H:%M:%SZ}",
            blog,
            "",
            published_at,
            context.observed_at,
            tags=tags,
            more={"text_char_count": None, "collection_query": tags[0] if len(tags) == 1 else None},
        )
        author = Author(blog, handle=blog)
        return post.rows(context) + author.rows(context, context.observed_at, context.observed_quality)


FORMATS: Final[tuple[NativeFormat, ...]] = (
    LookupFormat("tumblr_posts_lookup", Posts(), post_ids_of),
    LookupFormat("tumblr_accounts_lookup", Blog(), account_ids_of, asked_for="account"),
    Refusal(),
    Posts(),
    PostLines(),
    Blog(),
    TagUses(),
)
