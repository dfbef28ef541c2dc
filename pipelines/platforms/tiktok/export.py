"""The archive that TikTok gives to an account's owner: the owner's own public videos and comments. All else in it is not read."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from typing import Any, Final

from pipelines.platforms import values
from pipelines.platforms.posts import Author, Post
from pipelines.platforms.protocol import BadRecord, FileContext, Framing, NativeFormat, Record, Row, Sample
from pipelines.platforms.text import tags_in
from pipelines.platforms.tiktok.fields import account_id, mentions, video_url

_VIDEO: Final = re.compile(r"/(?:video|photo)/(\d+)")
# Sections have been renamed over the years; each tuple is one path, old and new names.
_PROFILE: Final = (
    ("Profile", "Profile Information", "ProfileMap"),
    ("Profile", "Profile Info", "ProfileMap"),
    ("Profile And Settings", "Profile Info", "ProfileMap"),
    ("Profile And Settings", "Profile Information", "ProfileMap"),
)
_VIDEOS: Final = (("Video", "Videos"), ("Post", "Posts"), ("Post", "Videos"), ("Your Activity", "Posts"))
_COMMENTS: Final = (("Comment", "Comments"), ("Comment",), ("Your Activity", "Comments"))
_PUBLIC: Final = ("public", "everyone")


def _at(document: Any, paths: Iterable[tuple[str, ...]], list_name: str | None = None) -> Any:
    """What lies at the first of the paths that leads somewhere."""
    for path in paths:
        found = values.optional_mapping(document)
        for name in path:
            found = values.child(found, name)
        inner: Any = found.get(list_name) if list_name else found
        if inner:
            return inner
    return None


class AccountExport:
    """``user_data.json`` and ``user_data_tiktok.json``. Messages, watch history, searches, likes and contacts are private and stay unread."""

    name = "tiktok_account_export"
    framing = Framing.JSON
    collection_method = "archive"

    def matches(self, sample: Sample) -> bool:
        """The owner's profile map."""
        return isinstance(_at(sample.first_value, _PROFILE), dict)

    def split(self, document: Any) -> Iterable[Any]:
        """The profile, the videos and the comments, each with the owner's name. Raises BadRecord for an export without one."""
        profile = _at(document, _PROFILE)
        owner = account_id(values.optional_mapping(profile).get("userName"), "ProfileMap.userName")
        videos, comments = _at(document, _VIDEOS, "VideoList"), _at(document, _COMMENTS, "CommentsList")
        return [
            {
                "kind": "profile",
                "owner": owner,
                "item": {"bioDescription": values.optional_mapping(profile).get("bioDescription")},
            },
            *({"kind": "video", "owner": owner, "item": item} for item in values.sequence(videos)),
            *({"kind": "comment", "owner": owner, "item": item} for item in values.sequence(comments)),
        ]

    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:
        """Rows of the profile, of a video or of a comment. Raises BadRecord."""
        whole = values.mapping(record.value, "record")
        owner = account_id(whole.get("owner"), "owner")
        item = values.mapping(whole.get("item"), "item")
        if whole.get("kind") == "profile":
            person = Author(owner, handle=owner, profile_text=values.text(item.get("bioDescription")))
            return person.rows(context, context.observed_at, context.observed_quality)
        return _video(owner, item, context) if whole.get("kind") == "video" else _comment(owner, item, context)


def _video(owner: str, item: dict[str, Any], context: FileContext) -> list[Row]:
    seen_by = values.text(item.get("WhoCanView"))
    if seen_by is not None and not seen_by.lower().startswith(_PUBLIC):
        raise BadRecord("not_public", f"WhoCanView is {seen_by[:40]!r}: only what everyone could see is read", "WhoCanView")
    found = _VIDEO.search(values.text(item.get("Link")) or "")
    if found is None:
        raise BadRecord("missing_id", "Link holds no video id", "Link")
    text = values.text(item.get("Title")) or ""
    post = Post(
        found[1],
        owner,
        text,
        values.time(_date(item), "Date", context),
        context.observed_at,
        url=video_url(owner, found[1]),
        tags=tags_in(text),
        mentioned=mentions(text),
        counters={"like_count": values.count(item.get("Likes"), "Likes")},
        more={"post_type": "video", "media_kind": "video"},
    )
    return post.rows(context)


def _comment(owner: str, item: dict[str, Any], context: FileContext) -> list[Row]:
    """A comment as the export tells it: neither its id nor the video that it stands below."""
    text = values.text(item.get("comment")) or values.text(item.get("Comment")) or ""
    date = _date(item)
    digest = hashlib.sha256(f"{owner}|{date}|{text}".encode("utf-8", "surrogatepass")).hexdigest()[:32]
    post = Post(
        f"export-comment:{digest}",
        owner,
        text,
        values.time(date, "date", context),
        context.observed_at,
        mentioned=mentions(text),
        more={"post_type": "comment", "media_kind": "none"},
    )
    return post.rows(context)


def _date(item: dict[str, Any]) -> Any:
    date = item.get("date", item.get("Date"))
    return date.removesuffix(" UTC") if isinstance(date, str) else date


FORMATS: Final[tuple[NativeFormat, ...]] = (AccountExport(),)
