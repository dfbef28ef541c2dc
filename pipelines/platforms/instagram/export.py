"""The archive that Instagram gives to an account's owner: the owner's public posts, reels, stories, comments and profile, nothing private."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Any, Final

from pipelines.platforms import values
from pipelines.platforms.instagram.fields import mentions, username_of
from pipelines.platforms.posts import Author, Post
from pipelines.platforms.protocol import BadRecord, FileContext, Framing, NativeFormat, Record, Row, Sample

# 'instagram-ann.moss-2026-03-07-huslh1uO.zip!...': only the archive's name says whose the posts in it are.
_ARCHIVE: Final = re.compile(r"(?:^|/)instagram-([A-Za-z0-9_.]{1,30})-(?:\d{4}-\d{2}-\d{2}|\d{8})(?=[-./!])")
_MEDIA_NUMBER: Final = re.compile(r"_(\d{10,20})\.\w+$")
_VIDEO: Final = frozenset({".mp4", ".mov"})
_LISTS: Final = {"ig_reels_media": "post", "ig_stories": "story", "ig_igtv_media": "post"}
# Folders and files of an archive that are private, or tell of other people.
_PRIVATE: Final = re.compile(
    r"(?:^|/)(?:messages|inbox|message_requests|ads_information|apps_and_websites_off_of_instagram|logged_information|security_and_login_information"
    r"|connections|likes|saved|preferences|story_interactions|shopping|monetization|subscriptions|avatars_store|your_topics)/"
    r"|(?:^|/)(?:archived_posts|recently_deleted_content|liked_posts|liked_comments|saved_posts|message_\d+|followers_\d+|following)\.json$"
)


def mended(text: str) -> str:
    """A text as it was written: exports hold each byte of its UTF-8 as a character of its own ('Ã©' for 'é').

    A text that cannot be such a thing is left as it is.
    """
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text


def _text(value: Any) -> str | None:
    found = values.text(value)
    return mended(found) if found else None


def _member(file: str) -> str:
    return file.rsplit("!", 1)[-1]


def _owner(file: str) -> str | None:
    found = _ARCHIVE.search(file)
    return username_of(found[1]) if found else None


class _Member:
    """A member of an archive."""

    framing = Framing.JSON
    collection_method = "archive"
    name: str

    def split(self, document: Any) -> Iterable[Any]:
        """The items."""
        return list(document)


class NotRead(_Member):
    """Private members, taken for what they are and not read: messages, likes, saved posts, followers, searches, logins, advertising."""

    name = "instagram_export_not_read_private"

    def matches(self, sample: Sample) -> bool:
        """The member's place in the archive."""
        return "!" in sample.file and sample.suffix == ".json" and _PRIVATE.search(_member(sample.file)) is not None

    def split(self, document: Any) -> Iterable[Any]:
        """Nothing, whatever the document holds."""
        del document
        return ()

    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:
        """Raises BadRecord: there is no record of such a member that anyone should read."""
        raise BadRecord("not_read", f"{context.file} record {record.index}: this part of an export is private", None)


def _listed(document: Any) -> tuple[list[Any], str]:
    """(items, type of post) of a list of posts, or of one under the name that reels and stories have."""
    if isinstance(document, list):
        return document, "post"
    whole = values.optional_mapping(document)
    name = next((name for name in _LISTS if isinstance(whole.get(name), list)), None)
    return (whole[name], _LISTS[name]) if name else ([], "post")


def _pictures(item: dict[str, Any]) -> list[dict[str, Any]]:
    media = item.get("media")
    return values.mappings([media] if isinstance(media, dict) else media if isinstance(media, list) else [item])


class Posts(_Member):
    """posts_1.json, reels.json, stories.json. They name neither the owner nor the post: keys come from the media's file."""

    name = "instagram_export_posts"

    def matches(self, sample: Sample) -> bool:
        """Items whose media have an address in the archive and a time."""
        items, _ = _listed(sample.first_value)
        pictures = [picture for item in values.mappings(items) for picture in _pictures(item)[:1]]
        return any({"uri", "creation_timestamp"} <= picture.keys() for picture in pictures)

    def split(self, document: Any) -> Iterable[Any]:
        """The posts, each with its type."""
        items, kind = _listed(document)
        return [{"post": item, "type": kind} for item in items]

    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:
        """Rows of one post. Raises BadRecord."""
        whole = values.mapping(record.value, "record")
        item = values.mapping(whole.get("post"), "post")
        pictures = _pictures(item)
        if not pictures:
            raise BadRecord("missing_field", "the post has no media, so neither time nor name", "media")
        uri = values.required_text(pictures[0].get("uri"), "media.uri")
        number = _MEDIA_NUMBER.search(uri)
        at = item.get("creation_timestamp") or pictures[0].get("creation_timestamp")
        owner = _owner(context.file)
        caption = _text(item.get("title")) or _text(pictures[0].get("title")) or ""
        post = Post(
            f"export:{number[1] if number else f'{owner or context.source_hash}/{PurePosixPath(uri).name}'}",
            owner,
            caption,
            values.unix_time(at, "creation_timestamp", context),
            context.observed_at,
            mentioned=mentions(caption),
            more={
                "post_type": "story" if whole.get("type") == "story" else "post",
                "media_kind": "video" if PurePosixPath(uri).suffix.lower() in _VIDEO else "image",
            },
        )
        return post.rows(context)


def _map(item: Any) -> dict[str, Any]:
    return values.child(values.optional_mapping(item), "string_map_data")


class Comments(_Member):
    """post_comments_1.json and reels_comments.json: what the owner wrote below others' posts. Which posts is not said, only whose."""

    name = "instagram_export_comments"

    def matches(self, sample: Sample) -> bool:
        """Items with a comment and the owner of what it stands below."""
        return any({"Comment", "Media Owner"} <= _map(item).keys() for item in self._items(sample.first_value))

    def _items(self, document: Any) -> list[Any]:
        if isinstance(document, list):
            return document
        return values.sequence(values.optional_mapping(document).get("comments_reels_comments"))

    def split(self, document: Any) -> Iterable[Any]:
        """The comments."""
        return self._items(document)

    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:
        """Rows of one comment. Raises BadRecord."""
        item = _map(values.mapping(record.value, "comment"))
        text = _text(values.child(item, "Comment").get("value")) or ""
        below = username_of(values.child(item, "Media Owner").get("value"))
        at = values.child(item, "Time").get("timestamp")
        owner = _owner(context.file)
        digest = hashlib.sha256(
            f"{owner or context.source_hash}|{at}|{below}|{text}".encode("utf-8", "surrogatepass")
        ).hexdigest()[:32]
        post = Post(
            f"export-comment:{digest}",
            owner,
            text,
            values.unix_time(at, "Time.timestamp", context),
            context.observed_at,
            mentioned=mentions(text),
            more={"post_type": "comment", "media_kind": "none"},
        )
        return [*post.rows(context), *([post.edge(context, "comment", target_id=below)] if below else [])]


class Profile(_Member):
    """personal_information.json. Mail, phone, sex and birth date are not read."""

    name = "instagram_export_profile"

    def matches(self, sample: Sample) -> bool:
        """The owner's map of traits."""
        return bool(values.sequence(values.optional_mapping(sample.first_value).get("profile_user")))

    def split(self, document: Any) -> Iterable[Any]:
        """The traits that are read. Their names are in the language of the account; only English ones are known."""
        found = [_map(user) for user in values.sequence(values.optional_mapping(document).get("profile_user"))]
        read = ("Username", "Name", "Bio", "Website")
        return [{name: values.child(traits, name).get("value") for name in read} for traits in found]

    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:
        """Rows of the profile. Raises BadRecord."""
        item = values.mapping(record.value, "profile")
        username = username_of(item.get("Username")) or _owner(context.file)
        if username is None:
            raise BadRecord(
                "missing_id", "no trait is called Username: exports in other languages need their archive's name", "Username"
            )
        author = Author(
            username,
            handle=username,
            display_name=_text(item.get("Name")),
            profile_text=_text(item.get("Bio")),
            links=values.texts([item.get("Website")]),
        )
        return author.rows(context, context.observed_at, context.observed_quality)


FORMATS: Final[tuple[NativeFormat, ...]] = (NotRead(), Posts(), Comments(), Profile())
