"""Threads: a scraper's table of posts with their counters, the API's answers for what answers, quotes and repeats, and profiles. No web pages."""

from __future__ import annotations

import csv
import io
from typing import Any, Final

import msgspec

from pipelines.world.drawn import BRAND, MEDIA, PLATFORMS, POST, QUOTE, REPLY, REPOST, START_SECONDS, Ints, day_of
from pipelines.world.native.files import BASE64, Filed, Inbox, Payload, document, spelled
from pipelines.world.native.names import Names
from pipelines.world.native.told import Told, compressed, ids_by_account, packed, raw, tagged, told, zipped

STATES_DELETIONS: Final = True
_PLATFORM: Final = "threads"
_FIRST_ID: Final = 18_000_000_000_000_000
_SHORTCODE_EPOCH_MILLISECONDS: Final = 1_314_220_021_721
_SHORTCODE_SHIFT: Final = 23
_SHORTCODE_LENGTH: Final = 11
_TABLE: Final = ["post_id", "author_id", "created_time", "permalink", "media_type", "like_count", "reply_count", "text"]
# Of the table's other version: another name for the text, one column more.
_LATER_TABLE: Final = [*_TABLE[:-1], "caption", "quote_count"]
_MEDIA_TYPES: Final = ("TEXT_POST", "IMAGE", "TEXT_POST", "VIDEO")


def account_id(names: Names, account: int) -> str:
    """The name of an account, the only one that all answers have."""
    return names.handles[account].lower()


def post_id(names: Names, number: int, account: int, second: int, kind: int = POST) -> str:
    """The number of a post in the API."""
    del names, account, second, kind
    return str(_FIRST_ID + number)


def open_writer(inbox: Inbox, names: Names) -> Writer:
    """The writer of an inbox's folder ``threads``."""
    return Writer(inbox, names)


class Writer:
    """A day's posts as a table, because only tables show others' counters; what has a parent as media objects, because only they name it."""

    def __init__(self, inbox: Inbox, names: Names) -> None:
        self._inbox, self._names = inbox, names
        self._ids = ids_by_account(names, PLATFORMS.index(_PLATFORM), account_id)
        self._verified = [actor_class in (BRAND, MEDIA) for actor_class in names.accounts.actor_class.tolist()]

    def write_profiles(self, day: int, accounts: Ints) -> None:
        """Answers of ``/profile_lookup``."""
        names = self._names
        profiles = [
            {
                "username": self._ids[account], "name": names.display_name(account), "biography": names.biography(account),
                "profile_picture_url": f"https://scontent.cdninstagram.com/v/{account}.jpg", "is_verified": self._verified[account],
                "follower_count": count, "likes_count": 0, "quotes_count": 0, "reposts_count": 0, "views_count": 0,
            }
            for account, count in zip(accounts.tolist(), names.accounts.followers(accounts, day).tolist(), strict=True)
        ]  # fmt: skip
        self._inbox.write(_PLATFORM, f"profile_lookup-{day_of(day)}.json", document(profiles))

    def write_day(self, filed: Filed) -> None:
        """The table of posts, the page of all others, and answers to deletions."""
        posts, stamp = told(self._names, filed), day_of(filed.day).isoformat()
        self._inbox.write(_PLATFORM, f"posts-{stamp}.csv.zst", compressed(self._table(posts, is_later=filed.is_drifted)))
        name = f"conversations-{stamp}.json.zst"
        media: list[Any] = [raw(self._media(post, is_later=filed.is_drifted)) for post in reversed(posts) if post.kind != POST]
        if filed.is_last and posts:
            media += self._inbox.spoil(_PLATFORM, name, self._media(posts[0], is_later=filed.is_drifted))
            self._refused(stamp)
        page = {"data": media, "paging": {"cursors": {"before": f"QVFI{stamp}b", "after": f"QVFI{stamp}a"}}}
        self._inbox.write(_PLATFORM, name, packed(page))
        if len(filed.deleted):
            gone = [post_id(self._names, number, 0, 0) for number in filed.deleted.number.tolist()]
            answers = ((f"{one}.json", msgspec.json.encode({"success": True, "deleted_id": one})) for one in gone)
            self._inbox.write(_PLATFORM, f"deleted-{stamp}.zip", zipped(answers))

    def close(self) -> None:
        """Nothing is left to write."""

    def _refused(self, stamp: str) -> None:
        """The answer to one question too many, kept as if it were a page."""
        if self._inbox.has_faults:
            name = f"keyword_search-{stamp}-refused.json"
            error = {
                "message": "Application request limit reached",
                "type": "OAuthException",
                "code": 4,
                "fbtrace_id": "AbCdEf0123",
            }
            self._inbox.write(_PLATFORM, name, document({"error": error}))
            self._inbox.plant(_PLATFORM, name, "bad_record", "error_response")

    def _table(self, posts: list[Told], *, is_later: bool) -> bytes:
        text = io.StringIO()
        table = csv.writer(text, lineterminator="\n")
        table.writerow(_LATER_TABLE if is_later else _TABLE)
        more = [0] if is_later else []
        table.writerows(
            [_FIRST_ID + post.number, "", f"{post.moment}+0000", self._address(post, _shortcode(post)), _media_type(post), post.likes,
             post.comments, tagged(post), *more]
            for post in posts if post.kind == POST
        )  # fmt: skip
        return text.getvalue().encode()

    def _address(self, post: Told, code: str) -> str:
        return f"https://www.threads.com/@{self._ids[post.account]}/post/{code}"

    def _media(self, post: Told, *, is_later: bool) -> Payload:
        kind, code = post.kind, _shortcode(post)
        made: Payload = {
            "id": str(_FIRST_ID + post.number), "media_product_type": "THREADS",
            "media_type": "REPOST_FACADE" if kind == REPOST else _media_type(post), "permalink": self._address(post, code),
            "username": self._ids[post.account], "timestamp": f"{post.moment}+0000", "shortcode": code, "is_quote_post": kind == QUOTE,
            "is_verified": self._verified[post.account], "has_responses" if is_later else "has_replies": post.comments > 0,
        }  # fmt: skip
        if is_later:
            made["is_spoiler_media"] = False
        parent = {"id": str(_FIRST_ID + post.parent)}
        if kind == REPOST:
            return made | {"reposted_post": parent}
        made["text"] = tagged(post)
        if kind == REPLY:
            made |= {"is_reply": True, "is_reply_owned_by_me": False, "root_post": parent, "replied_to": parent}
        elif kind == QUOTE:
            made["quoted_post"] = parent
        if post.tags and kind != REPLY:
            made["topic_tag"] = post.tags[0]
        return made


def _media_type(post: Told) -> str:
    return _MEDIA_TYPES[post.pick % len(_MEDIA_TYPES)]


def _shortcode(post: Told) -> str:
    """The post's number in its address, whose upper bits are its time to the millisecond."""
    milliseconds = (START_SECONDS + post.second) * 1000 - _SHORTCODE_EPOCH_MILLISECONDS
    return spelled(milliseconds << _SHORTCODE_SHIFT | post.number & 0x7FFFFF, BASE64, _SHORTCODE_LENGTH)
