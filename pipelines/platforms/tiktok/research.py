"""Answers of TikTok's Research API to canonical rows. Its ids are JSON numbers beyond 2^53; they are read digit by digit."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from pipelines.platforms import values
from pipelines.platforms.posts import Author, Post
from pipelines.platforms.protocol import BadRecord, FileContext, Framing, NativeFormat, Record, Row, Sample
from pipelines.platforms.text import tags_in
from pipelines.platforms.tiktok.comments import comment_rows
from pipelines.platforms.tiktok.fields import account_id, mentions, named_by_folder, seconds, sound_key, video_url

_LISTS: Final = ("videos", "comments", "user_followers", "user_following")
# What the API says where the asked account cannot be seen; nobody here has seen the answer itself.
_GONE: Final = ("cannot find", "not found", "not exist", "not public", "is private")


def refusal(document: Any) -> tuple[str, str] | None:
    """(code, message) where an answer is a refusal; None for an answer with data. ``error.code`` is 'ok' in good answers."""
    error = values.child(values.optional_mapping(document), "error")
    code = values.text(error.get("code"))
    if code is None or code == "ok":
        return None
    return code, values.text(error.get("message")) or ""


def says_gone(document: Any) -> bool:
    """Whether an answer about an account says that it cannot be seen, rather than that the request was wrong."""
    said = refusal(document)
    return said is not None and any(phrase in said[1].lower() for phrase in _GONE)


def answered(document: Any) -> dict[str, Any]:
    """The ``data`` of an envelope, or a document that was kept without its envelope."""
    whole = values.optional_mapping(document)
    return values.child(whole, "data") or whole


def post_ids_of(document: Any) -> set[str]:
    """Native ids of the videos that an answer to a video query holds."""
    found = (item.get("id") for item in values.mappings(answered(document).get("videos")))
    return {str(native_id) for native_id in found if isinstance(native_id, int | str) and not isinstance(native_id, bool)}


def says_no_video(document: Any) -> bool:
    """Whether an answer says that none of the videos asked about can be seen: an empty list and the code 'ok'."""
    return isinstance(document, dict) and refusal(document) is None and answered(document).get("videos") == []


class Refusal:
    """What the API answers instead of data: refused as a record, so that nobody takes it for an empty answer."""

    name = "tiktok_research_error"
    framing = Framing.JSON
    collection_method = "search"

    def matches(self, sample: Sample) -> bool:
        """An error code that is not 'ok'."""
        return refusal(sample.first_value) is not None

    def split(self, document: Any) -> Iterable[Any]:
        """The answer as one record."""
        return (document,)

    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:
        """Raises BadRecord with what the API said."""
        said = refusal(record.value)
        shown = ": ".join(said)[:200] if said else "a refusal without a code"
        raise BadRecord("error_response", f"{context.file}: the Research API answered {shown}", "error")


class _Answer:
    """An answer whose ``data`` holds one list, or the bare list that a client kept of it."""

    framing = Framing.JSON
    collection_method = "search"
    name: str
    list_name: str
    marks: frozenset[str]  # one of these is in each item

    def matches(self, sample: Sample) -> bool:
        """The list by its name, or its items by their fields."""
        value = sample.first_value
        if isinstance(value, list):
            return any(isinstance(item, dict) and "create_time" in item and self.marks & item.keys() for item in value)
        listed = answered(value).get(self.list_name)
        if not isinstance(listed, list):
            return False
        return not listed or any(isinstance(item, dict) and self.marks & item.keys() for item in listed)

    def split(self, document: Any) -> Iterable[Any]:
        """The items."""
        return list(document) if isinstance(document, list) else values.sequence(answered(document).get(self.list_name))


class Videos(_Answer):
    """video/query."""

    name = "tiktok_research_videos"
    list_name = "videos"
    marks = frozenset({"video_description", "region_code", "view_count", "hashtag_names"})

    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:
        """Rows of one video. Raises BadRecord."""
        item = values.mapping(record.value, "video")
        native_id = values.required_text(item.get("id"), "id")
        username = account_id(item.get("username"), "username")
        text = values.text(item.get("video_description")) or ""
        infos = [info.get("hashtag_name") for info in values.mappings(item.get("hashtag_info_list"))]
        named = [name.strip().lstrip("@").lower() for name in values.texts(item.get("video_mention_list"))]
        music = item.get("music_id")
        saved = item.get("favorites_count", item.get("favourites_count"))  # the API's name has changed
        post = Post(
            native_id,
            username,
            text,
            values.unix_time(item.get("create_time"), "create_time", context),
            context.observed_at,
            url=video_url(username, native_id),
            tags=[*values.texts([*values.sequence(item.get("hashtag_names")), *infos]), *tags_in(text)],
            mentioned=[name for name in named if name] or mentions(text),
            counters={
                "view_count": values.count(item.get("view_count"), "view_count"),
                "like_count": values.count(item.get("like_count"), "like_count"),
                "comment_count": values.count(item.get("comment_count"), "comment_count"),
                "share_count": values.count(item.get("share_count"), "share_count"),
                "save_count": values.count(saved, "favorites_count"),
            },
            more={
                "post_type": "video",
                "media_kind": "video",
                "duration_seconds": seconds(item.get("video_duration")),
                "sound_key": sound_key(values.required_text(music, "music_id") if music else None, context),
            },
        )
        person = Author(username, handle=username, country=values.text(item.get("region_code")))
        return post.rows(context) + person.rows(context, context.observed_at, context.observed_quality)


class VideoLines(Videos):
    """Videos as clients append them to a file: one a line."""

    name = "tiktok_research_video_lines"
    framing = Framing.LINES

    def matches(self, sample: Sample) -> bool:
        """The fields of the first line."""
        value = sample.first_value
        return isinstance(value, dict) and {"id", "create_time", "username"} <= value.keys() and bool(self.marks & value.keys())

    def split(self, document: Any) -> Iterable[Any]:
        """A line is a record already."""
        return (document,)


class Comments(_Answer):
    """video/comment/list. Comments come without their authors."""

    name = "tiktok_research_comments"
    collection_method = "timeline"
    list_name = "comments"
    marks = frozenset({"video_id"})

    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:
        """Rows of one comment. Raises BadRecord."""
        item = values.mapping(record.value, "comment")
        native_id = values.required_text(item.get("id"), "id")
        video = values.required_text(item.get("video_id"), "video_id")
        above = values.required_text(item.get("parent_comment_id") or video, "parent_comment_id")
        return comment_rows(
            native_id,
            None,
            values.text(item.get("text")) or "",
            values.unix_time(item.get("create_time"), "create_time", context),
            context,
            above=above,
            video=video,
            counters={
                "like_count": values.count(item.get("like_count"), "like_count"),
                "comment_count": values.count(item.get("reply_count"), "reply_count"),
            },
        )


def profile_rows(username: str, data: dict[str, Any], context: FileContext) -> list[Row]:
    """A profile snapshot of user/info, which names nobody: ``username`` is whom it was asked about."""
    person = Author(
        username,
        handle=username,
        display_name=values.text(data.get("display_name")),
        profile_text=values.text(data.get("bio_description")),
        followers_count=values.count(data.get("follower_count"), "follower_count"),
        following_count=values.count(data.get("following_count"), "following_count"),
        posts_count=values.count(data.get("video_count"), "video_count"),
        is_verified=values.flag(data.get("is_verified")),
        links=values.texts([data.get("bio_url")]) if "bio_description" in data or "bio_url" in data else None,
    )
    return person.rows(context, context.observed_at, context.observed_quality)


class UserInfo:
    """user/info. The answer does not say whose it is: a ``username`` that a client added says it, or a folder ``@name``."""

    name = "tiktok_research_user"
    framing = Framing.JSON
    collection_method = "timeline"

    def matches(self, sample: Sample) -> bool:
        """A follower count without any list."""
        value = sample.first_value
        data = answered(value)
        is_kept_as_answer = isinstance(value, dict) and ("data" in value or "bio_description" in value)
        return is_kept_as_answer and "follower_count" in data and not any(name in data for name in _LISTS)

    def split(self, document: Any) -> Iterable[Any]:
        """The profile."""
        return (answered(document),)

    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:
        """Rows of one profile. Raises BadRecord."""
        data = values.mapping(record.value, "data")
        given = data.get("username") or named_by_folder(context.file)
        if given is None:
            raise BadRecord("missing_id", "the answer does not say whose profile it is: put it into a folder '@name'", "username")
        return profile_rows(account_id(given, "username"), data, context)


class UserLookup:
    """user/info with whom it was asked about beside it: a profile, or the fact that the account cannot be seen."""

    name = "tiktok_research_user_lookup"
    framing = Framing.JSON
    collection_method = "timeline"

    def matches(self, sample: Sample) -> bool:
        """A lookup of accounts."""
        lookup = values.child(values.optional_mapping(sample.first_value), "undercurrent_lookup")
        return lookup.get("asked_for") == "account"

    def split(self, document: Any) -> Iterable[Any]:
        """The lookup: one account, since the endpoint takes one."""
        return (document,)

    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:
        """Rows of one profile, or of its absence. Raises BadRecord."""
        document = values.mapping(record.value, "lookup")
        lookup, answer = values.child(document, "undercurrent_lookup"), document.get("answer")
        asked = values.sequence(lookup.get("asked"))
        username = account_id(asked[0] if len(asked) == 1 else None, "undercurrent_lookup.asked")
        if says_gone(answer) or lookup.get("status") == 404:
            gone = {
                "platform": context.platform,
                "subject_type": "account",
                "subject_key": context.pseudonyms.key(context.platform, username),
                "deleted_at": context.observed_at,
                "reason": "not_found",
                "ts_quality": context.observed_quality,
                "observed_at": context.observed_at,
            }
            return [Row("deletions", gone)]
        said = refusal(answer)
        if said is not None:
            raise BadRecord("error_response", f"the Research API answered {': '.join(said)[:200]}", "answer.error")
        return profile_rows(username, values.mapping(answered(answer), "answer"), context)


class Follows:
    """user/followers and user/following: edges by key only, since those who follow are an audience and get no profile here."""

    name = "tiktok_research_follows"
    framing = Framing.JSON
    collection_method = "timeline"

    def matches(self, sample: Sample) -> bool:
        """One of the two lists."""
        data = answered(sample.first_value)
        return any(isinstance(data.get(name), list) for name in ("user_followers", "user_following"))

    def split(self, document: Any) -> Iterable[Any]:
        """(list, account) pairs as objects."""
        data = answered(document)
        return [
            {"list": name, "account": item, "username": data.get("username")}
            for name in ("user_followers", "user_following")
            for item in values.sequence(data.get(name))
        ]

    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:
        """The edge of one account. Raises BadRecord."""
        item = values.mapping(record.value, "item")
        given = item.get("username") or named_by_folder(context.file)
        if given is None:
            raise BadRecord("missing_id", "the answer does not say whose list it is: put it into a folder '@name'", "username")
        owner = account_id(given, "username")
        other = account_id(values.mapping(item.get("account"), "account").get("username"), "username")
        source, target = (other, owner) if item.get("list") == "user_followers" else (owner, other)
        key = context.pseudonyms.key
        edge = {
            "platform": context.platform,
            "follow_key": key(context.platform, f"follow:{source}>{target}"),
            "source_account_key": key(context.platform, source),
            "target_account_key": key(context.platform, target),
            "observed_at": context.observed_at,
            "ts_quality": context.observed_quality,
        }
        return [Row("follows", edge)]


VIDEO_ANSWER: Final[NativeFormat] = Videos()
ACCOUNT_ANSWER: Final[NativeFormat] = UserLookup()
FORMATS: Final[tuple[NativeFormat, ...]] = (
    ACCOUNT_ANSWER,
    Refusal(),
    VIDEO_ANSWER,
    VideoLines(),
    Comments(),
    Follows(),
    UserInfo(),
)
