"""TikTok as scrapers export an invented world once a week: Apify's table at first, the web application's items later. No draws."""

from __future__ import annotations

import csv
import hashlib
import io
from typing import Final

import msgspec

from pipelines.world.drawn import DAY, PLATFORM_LABEL, PLATFORMS, POST, START_SECONDS, Ints, day_of
from pipelines.world.native.columns import counters, iso_all, worded
from pipelines.world.native.files import Filed, Inbox, Payload, PlatformWriter, opened
from pipelines.world.native.names import Names
from pipelines.world.native.weekly import WeeklyWriter, captions, write_list

STATES_DELETIONS: Final = False
_PLATFORM: Final = "tiktok"
_ITEMS_FROM_DAY: Final = 63  # the beginning of a week
_COPIED_WEEK: Final = range(7, 14)  # of which the table was delivered twice
_FIRST_AUTHOR: Final = 6_800_000_000_000_000_000
_FIRST_SOUND: Final = 6_900_000_000_000_000_000
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"  # the real tables begin with one
_COLUMNS: Final = (
    "authorMeta.avatar", "authorMeta.name", "authorMeta.fans", "text", "diggCount", "shareCount", "playCount", "commentCount",
    "collectCount", "videoMeta.duration", "musicMeta.musicName", "musicMeta.musicAuthor", "musicMeta.musicOriginal", "createTimeISO",
    "webVideoUrl",
)  # fmt: skip
_encode: Final = msgspec.json.Encoder().encode
_Row = tuple[str | int, ...]


def open_writer(inbox: Inbox, names: Names) -> PlatformWriter:
    """A writer of TikTok's files."""
    return _Writer(inbox, names)


def account_id(names: Names, account: int) -> str:
    """The username."""
    return names.handles[account]


def post_id(names: Names, number: int, account: int, second: int, kind: int = POST) -> str:  # noqa: ARG001 - of every platform
    """The number of the video, whose upper half is the time."""
    return str(((START_SECONDS + second) << 32) + number)


class _Writer(WeeklyWriter):
    def __init__(self, inbox: Inbox, names: Names) -> None:
        super().__init__(inbox, names)
        self._own = set(opened(names, PLATFORMS.index(_PLATFORM)).tolist())
        self._display = {account: names.display_name(account) for account in self._own}
        self._biographies = {account: names.biography(account) for account in self._own}
        self._challenges: dict[str, str] = {}  # number of a tag
        self._parts: list[bytes] = []
        self._row: Payload | None = None  # a row and an item for the faults
        self._item: Payload | None = None
        self._is_row_spoilt = False

    def write_profiles(self, day: int, accounts: Ints) -> None:
        """Followers stand beside every video."""

    def gather(self, filed: Filed) -> None:
        """Keep a day's videos."""
        if not len(filed.posts):
            return
        if filed.day < _ITEMS_FROM_DAY:
            rows = self._rows(filed)
            self._row = self._row or dict(zip(_COLUMNS, map(str, rows[0]), strict=True))
            self._parts.append(_table(rows))
        else:
            items = self._items(filed)
            self._item = self._item or items[0]
            self._parts.append(b",\n".join(map(_encode, items)))

    def hand_over(self, day: int, *, is_last: bool) -> None:
        """The export of a week."""
        if day < _ITEMS_FROM_DAY:
            self._write_table(day)
        else:
            name = f"items-{day_of(day).isoformat()}.json"
            if is_last and self._item is not None:
                self._parts += map(_encode, self._inbox.spoil(_PLATFORM, name, self._item))
            if self._parts:
                write_list(self._inbox, _PLATFORM, name, b"[\n", self._parts, b"\n]\n")
        self._parts = []

    def _write_table(self, day: int) -> None:
        if not self._parts:
            return
        stem = f"dataset_tiktok-scraper_{day_of(day).isoformat()}"
        if self._row is not None and not self._is_row_spoilt:
            spoilt = self._inbox.spoil(_PLATFORM, f"{stem}.csv", self._row)
            self._parts.append(_table([tuple(row.values()) for row in spoilt]))
            self._is_row_spoilt = True
        is_copied = self._inbox.has_faults and day in _COPIED_WEEK
        for name in (f"{stem}.csv", f"{stem}_copy.csv") if is_copied else (f"{stem}.csv",):
            stream = self._inbox.stream(_PLATFORM, name)
            stream.write(_BYTE_ORDER_MARK + _table([_COLUMNS]))
            for part in self._parts:
                stream.write(part)
            stream.close()
        if is_copied:
            self._inbox.plant(_PLATFORM, f"{stem}_copy.csv", "duplicate_file", "already_ingested", f"{stem}.csv")

    def _rows(self, filed: Filed) -> list[_Row]:
        """Rows of Apify's table, whose columns stay as they are."""
        posts, names = filed.posts, self._names
        tags = names.tags(posts)
        likes, comments, shares = counters(posts, filed.observed_second)
        columns = zip(
            posts.number.tolist(), posts.account.tolist(), (((START_SECONDS + posts.second) << 32) + posts.number).tolist(),
            names.accounts.followers(posts.account, filed.observed_second / DAY).tolist(),
            captions(names, posts, worded(names.sentences(posts), filed.version), tags), iso_all(posts.stated_second, posts.number),
            likes, comments, shares, strict=True,
        )  # fmt: skip
        handles, display = names.handles, self._display
        return [
            (
                f"https://cdn.example/{handle}.jpeg", handle, fans, text, like_count, share_count, like_count * 15, comment_count,
                like_count // 12, 8 + number % 80, "original sound", display[account], "true", written_at,
                f"https://www.tiktok.com/@{handle}/video/{own}",
            )
            for number, account, own, fans, text, written_at, like_count, comment_count, share_count in columns
            for handle in (handles[account],)
        ]  # fmt: skip

    def _items(self, filed: Filed) -> list[Payload]:
        """Items of the web application."""
        posts, names, handles, display = filed.posts, self._names, self._names.handles, self._display
        tags = names.tags(posts)
        likes, comments, shares = counters(posts, filed.observed_second)
        columns = zip(
            posts.number.tolist(), posts.account.tolist(), posts.credit.tolist(), posts.parent_account.tolist(),
            (posts.disclosure == PLATFORM_LABEL).tolist(), (((START_SECONDS + posts.second) << 32) + posts.number).tolist(),
            names.accounts.followers(posts.account, filed.observed_second / DAY).tolist(),
            captions(names, posts, worded(names.sentences(posts), filed.version), tags), tags, (START_SECONDS + posts.stated_second).tolist(),
            likes, comments, shares, strict=True,
        )  # fmt: skip
        nickname = "nickName" if filed.is_drifted else "nickname"
        items = []
        for (
            number, account, credit, above, is_paid, own, fans, text, listed, seconds, like_count, comment_count, share_count
        ) in columns:  # fmt: skip
            native_id, shown = str(own), display[account]
            named = [
                {"userUniqueId": handles[other], "hashtagName": "", "type": 0} for other in (credit, above) if other in self._own
            ]
            item: Payload = {
                "id": native_id, "desc": text, "createTime": seconds,
                "video": {"id": native_id, "height": 1024, "width": 576, "duration": 8 + number % 80},
                "author": {
                    "id": str(_FIRST_AUTHOR + account), "uniqueId": handles[account], nickname: shown, "signature": self._biographies[account],
                    "verified": False, "secret": False,
                },
                "music": {"id": str(_FIRST_SOUND + account), "title": "original sound", "authorName": shown, "original": True},
                "challenges": [{"id": self._challenge(tag), "title": tag, "desc": ""} for tag in listed],
                "stats": {"diggCount": like_count, "shareCount": share_count, "commentCount": comment_count, "playCount": like_count * 15},
                "textExtra": [*({"hashtagName": tag, "hashtagId": self._challenge(tag), "type": 1} for tag in listed), *named],
                "authorStats": {
                    "followingCount": 40 + account % 600, "followerCount": fans, "heartCount": fans * 9, "videoCount": 25 + account % 300,
                    "diggCount": account % 999,
                },
                "duetEnabled": True, "isAd": is_paid,
            }  # fmt: skip
            if filed.is_drifted:
                item["aigcLabelType"] = 0
            items.append(item)
        return items

    def _challenge(self, tag: str) -> str:
        found = self._challenges.get(tag)
        if found is None:
            digest = hashlib.blake2b(tag.encode(), digest_size=7).digest()
            found = self._challenges[tag] = str(int.from_bytes(digest, "big"))
        return found


def _table(rows: list[_Row]) -> bytes:
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()
