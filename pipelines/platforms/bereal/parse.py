"""BeReal exports to canonical rows: the posts and the profile of whoever gives the export, and of nobody else."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import PurePosixPath
from typing import Any, Final

from pipelines.platforms import values
from pipelines.platforms.posts import SOCIAL_TABLES, Author, Post
from pipelines.platforms.protocol import BadRecord, FileContext, Framing, NativeFormat, Record, Row, Sample

TABLES: Final = SOCIAL_TABLES
# Media lie below their owner's id; a stretch of old exports writes the path without its first slash.
_OWNER: Final = re.compile(r"^/?Photos/([^/]+)/")
# Members of an export that tell of others, of devices and of what was said in private, or that carry no time.
_NOT_READ: Final = frozenset(
    {
        "blocked-users.json",
        "chat_log.json",
        "comments.json",
        "friend-requests.json",
        "friends.json",
        "push-settings.json",
        "push-tokens.json",
        "realmojis.json",
        "terms.json",
    }
)


def _owner(*media: Any) -> str | None:
    paths = (values.text(values.optional_mapping(each).get("path")) for each in media)
    found = (_OWNER.match(path) for path in paths if path)
    return next((match[1] for match in found if match), None)


def _native_post(owner: str, taken_at: datetime) -> str:
    """One id for a post in every file that tells of it: their own ids differ, the shutter's time does not."""
    return f"{owner}@{taken_at:%Y-%m-%dT%H:%M:%S}.{taken_at.microsecond // 1_000:03}Z"


def _media_kind(*media: Any) -> str:
    return "video" if any(values.optional_mapping(each).get("mediaType") == "video" for each in media) else "image"


def _sound_key(music: dict[str, Any], context: FileContext) -> str | None:
    found = values.text(music.get("isrc")) or values.text(music.get("providerId"))
    return context.pseudonyms.key(context.platform, f"sound:{found}") if found else None


class _OwnPosts:
    """A list of the owner's posts in one of the export's two shapes."""

    framing = Framing.JSON
    collection_method = "archive"
    name: str
    taken: str  # the field with the shutter's time
    media: tuple[str, str]

    def matches(self, sample: Sample) -> bool:
        """Objects with both pictures and the time."""
        return any({self.taken, *self.media} <= item.keys() for item in values.mappings(sample.first_value))

    def split(self, document: Any) -> Iterable[Any]:
        """The posts."""
        return list(document)

    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:
        """Rows of one post. Raises BadRecord."""
        item = values.mapping(record.value, "post")
        pictures = [item.get(name) for name in self.media]
        owner = _owner(*pictures)
        if owner is None:
            raise BadRecord("missing_id", f"no path of {' or '.join(self.media)} names the owner", f"{self.media[0]}.path")
        taken_at = values.time(item.get(self.taken), self.taken, context)
        more = {"media_kind": _media_kind(*pictures), "sound_key": _sound_key(values.child(item, "music"), context)}
        caption = values.text(item.get("caption")) or ""
        return Post(_native_post(owner, taken_at), owner, caption, taken_at, context.observed_at, more=more).rows(context)


class Posts(_OwnPosts):
    """posts.json."""

    name = "bereal_posts"
    taken = "takenAt"
    media = ("primary", "secondary")


class Memories(_OwnPosts):
    """memories.json: the same posts, with the music."""

    name = "bereal_memories"
    taken = "takenTime"
    media = ("backImage", "frontImage")


class User:
    """user.json. Phone number, birth date, device and place are not read."""

    name = "bereal_user"
    framing = Framing.JSON
    collection_method = "archive"

    def matches(self, sample: Sample) -> bool:
        """Both names of the owner, and a trait that only this file has."""
        value = sample.first_value
        return (
            isinstance(value, dict)
            and {"username", "fullname"} <= value.keys()
            and bool({"timezone", "clientVersion"} & value.keys())
        )

    def split(self, document: Any) -> Iterable[Any]:
        """The profile, without what is not read."""
        read = ("id", "uid", "username", "fullname", "biography", "createdAt", "countryCode", "profilePicture")
        return ({name: document[name] for name in read if name in document},)

    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:
        """Rows of the profile. Raises BadRecord."""
        item = values.mapping(record.value, "user")
        # The path goes first: it is what the owner's posts name.
        given = _owner(item.get("profilePicture")) or item.get("id") or item.get("uid")
        created = item.get("createdAt")
        author = Author(
            values.required_text(given, "profilePicture.path"),
            handle=values.required_text(item.get("username"), "username").lower(),
            display_name=values.text(item.get("fullname")),
            profile_text=values.text(item.get("biography")),
            created_at=values.time(created, "createdAt", context) if created else None,
            country=values.text(item.get("countryCode")),
        )
        return author.rows(context, context.observed_at, context.observed_quality)


class AppPosts:
    """Posts as the app's own interface gives them, which nobody outside may ask: kept answers, of which only public posts are read."""

    name = "bereal_app_posts"
    framing = Framing.JSON
    collection_method = "timeline"

    def matches(self, sample: Sample) -> bool:
        """Objects whose time is an object."""
        return any(self._is_post(item) for item in self._items(sample.first_value))

    def _is_post(self, item: Any) -> bool:
        return (
            isinstance(item, dict) and isinstance(item.get("takenAt"), dict) and ("lateInSeconds" in item or "realMojis" in item)
        )

    def _items(self, document: Any) -> list[Any]:
        if isinstance(document, list):
            return document
        whole = values.optional_mapping(document)
        return [whole] if self._is_post(whole) else values.sequence(whole.get("data"))

    def split(self, document: Any) -> Iterable[Any]:
        """The posts."""
        return self._items(document)

    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:
        """Rows of one post. Reactions and comments are counted; whose they are is not kept. Raises BadRecord."""
        item = values.mapping(record.value, "post")
        if values.flag(item.get("isPublic")) is not True and "public" not in values.sequence(item.get("visibility")):
            raise BadRecord("not_public", "the post does not say that everyone may see it", "visibility")
        user = values.child(item, "user")
        owner = values.required_text(item.get("ownerID") or user.get("id"), "ownerID")
        at = values.mapping(item.get("takenAt"), "takenAt")
        nanoseconds = values.number(at.get("_nanoseconds"), "takenAt._nanoseconds") or 0.0
        taken_at = values.unix_time(at.get("_seconds"), "takenAt._seconds", context) + timedelta(
            milliseconds=min(max(nanoseconds, 0.0) // 1e6, 999)
        )
        reactions, comments = item.get("realMojis"), item.get("comment", item.get("comments"))
        post = Post(
            _native_post(owner, taken_at),
            owner,
            values.text(item.get("caption")) or "",
            taken_at,
            context.observed_at,
            counters={
                "like_count": len(reactions) if isinstance(reactions, list) else None,
                "comment_count": len(comments) if isinstance(comments, list) else None,
            },
            more={"media_kind": "image", "sound_key": _sound_key(values.child(item, "music"), context)},
        )
        handle = values.text(user.get("username")) or values.text(item.get("userName"))
        author = Author(owner, handle=handle.lower() if handle else None)
        return post.rows(context) + author.rows(context, context.observed_at, context.observed_quality)


class NotRead:
    """Members of an export that are taken for what they are and not read: friends, chats, reactions, devices, settings."""

    name = "bereal_not_read_private"
    framing = Framing.JSON
    collection_method = "archive"

    def matches(self, sample: Sample) -> bool:
        """The member's name."""
        return PurePosixPath(sample.file.rsplit("!", 1)[-1]).name in _NOT_READ

    def split(self, document: Any) -> Iterable[Any]:
        """Nothing, whatever the document holds."""
        del document
        return ()

    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:
        """Raises BadRecord: there is no record of such a member that anyone should read."""
        raise BadRecord("not_read", f"{context.file} record {record.index}: this part of an export is private", None)


FORMATS: Final[tuple[NativeFormat, ...]] = (NotRead(), Posts(), Memories(), AppPosts(), User())
