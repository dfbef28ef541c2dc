"""BeReal: kept answers of the app with public posts, and the profiles out of given archives. It has no replies, followers or deletions."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

import msgspec

from pipelines.world.drawn import LANGUAGES, NOBODY, PLATFORMS, POST, START_SECONDS, Ints, day_of, moment
from pipelines.world.native.files import Filed, Inbox, Payload, text_id
from pipelines.world.native.names import Names
from pipelines.world.native.told import Told, ids_by_account, opened_on, packed, raw, tagged, told, zipped

STATES_DELETIONS: Final = False
MOST_SHOWN: Final = 100
"""Reactions and comments that an answer lists with a post; there are no counters beside the lists."""
_PLATFORM: Final = "bereal"
_LETTERS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_REACTION: Final = b'{"emoji":"\xf0\x9f\x98\x8d","type":"heartEyes"}'
_COMMENT: Final = '{"content":"…"}'.encode()
_COUNTRIES: Final = dict(zip(LANGUAGES, ("US", "DE", "FR", "ES"), strict=True))


def account_id(names: Names, account: int) -> str:
    """The id of a user, in the path of its pictures."""
    return text_id(_LETTERS, 28, names.seed, _PLATFORM, account)


def post_id(names: Names, number: int, account: int, second: int, kind: int = POST) -> str:
    """The user and the shutter's time, to the millisecond: the ids in BeReal's own files differ."""
    del kind
    return f"{account_id(names, account)}@{moment(second):%Y-%m-%dT%H:%M:%S}.{number % 1000:03}Z"


def open_writer(inbox: Inbox, names: Names) -> Writer:
    """The writer of an inbox's folder ``bereal``."""
    return Writer(inbox, names)


class Writer:
    """A day's posts as one answer of the app. The server's time is theirs, not a clock's that may be wrong: it is what they are known by."""

    def __init__(self, inbox: Inbox, names: Names) -> None:
        self._inbox, self._names = inbox, names
        self._ids = ids_by_account(names, PLATFORMS.index(_PLATFORM), account_id)

    def write_profiles(self, day: int, accounts: Ints) -> None:
        """The ``user.json`` of the archives that were given until a day."""
        users = ((f"{self._ids[one]}/user.json", msgspec.json.encode(self._user(one))) for one in accounts.tolist())
        self._inbox.write(_PLATFORM, f"archives-{day_of(day)}.zip", zipped(users))

    def write_day(self, filed: Filed) -> None:
        """The answer of the day, newest first; none where nobody posted."""
        name = f"posts-{day_of(filed.day)}.json.zst"
        records = told(self._names, filed)[::-1]
        posts: list[Any] = [raw(self._post(post, is_later=filed.is_drifted)) for post in records]
        if not posts:
            return
        if filed.is_last and self._inbox.has_faults:
            good = self._post(records[-1], is_later=filed.is_drifted)
            posts += [*self._inbox.spoil(_PLATFORM, name, good), {**good, "isPublic": False, "visibility": ["friends"]}]
            self._inbox.plant(_PLATFORM, name, "bad_record", "not_public")
        self._inbox.write(_PLATFORM, name, packed({"data": posts}))

    def close(self) -> None:
        """Nothing is left to write."""

    def _user(self, account: int) -> Payload:
        names, user = self._names, self._ids[account]
        return {
            "id": user, "username": names.handles[account], "fullname": names.display_name(account), "biography": names.biography(account),
            "createdAt": f"{opened_on(names, account)}T08:00:00.000Z", "countryCode": _COUNTRIES[LANGUAGES[names.accounts.language[account]]],
            "profilePicture": {"path": f"Photos/{user}/profile/{text_id(_LETTERS, 12, user)}.webp", "bucket": "storage.bere.al", "width": 1000, "height": 1000},
            "timezone": "Europe/Paris", "clientVersion": "2.40.1", "isPrivate": False,
        }  # fmt: skip

    def _post(self, post: Told, *, is_later: bool) -> Payload:
        user, handles = self._ids[post.account], self._names.handles
        seconds, milliseconds, picture = START_SECONDS + post.second, post.number % 1000, f"Photos/{user}/post/{post.number:x}"
        caption = tagged(post)
        made: Payload = {
            "id": f"{post.number:020x}", "ownerID": user, "user": {"id": user, "username": handles[post.account]},
            "caption": caption if post.parent_account == NOBODY else f"@{handles[post.parent_account]} {caption}",
            "takenAt": {"_seconds": seconds, "_nanoseconds": milliseconds * 1_000_000},
            "creationDate": {"_seconds": seconds + 9, "_nanoseconds": milliseconds * 1_000_000},
            "isPublic": True, "visibility": ["friends", "friends-of-friends", "public"], "lateInSeconds": post.pick % 7_200,
            "retakeCounter": post.pick % 4, "primary": {"path": f"{picture}-1.webp", "width": 1500, "height": 2000},
            "secondary": {"path": f"{picture}-2.webp", "width": 1500, "height": 2000},
            "realMojis": _listed(_REACTION, min(post.likes, MOST_SHOWN)),
            "comments" if is_later else "comment": _listed(_COMMENT, min(post.comments, MOST_SHOWN)), "music": None,
        }  # fmt: skip
        if is_later:
            made["postType"] = "bereal"
        return made


@cache
def _listed(one: bytes, count: int) -> msgspec.Raw:
    return msgspec.Raw(b"[" + b",".join([one] * count) + b"]")
