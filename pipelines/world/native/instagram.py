"""Instagram as Apify's scrapers export an invented world: posts once a week, profiles, and a file that is neither. No draws."""

from __future__ import annotations

from typing import Final

import msgspec

from pipelines.world.drawn import BRAND, MEDIA, NOBODY, PLATFORM_LABEL, PLATFORMS, POST, Ints, day_of
from pipelines.world.native.columns import counters, iso_all, spelled_all, worded
from pipelines.world.native.files import BASE64, Filed, Inbox, Payload, PlatformWriter, opened, spelled
from pipelines.world.native.names import Names, profile_address
from pipelines.world.native.weekly import WeeklyWriter, captions, write_list

STATES_DELETIONS: Final = False
_PLATFORM: Final = "instagram"
_FIRST_MEDIA: Final = 3_400_000_000_000_000_000
_FIRST_OWNER: Final = 5_000_000_000
_MEDIA_A_SECOND: Final = 1 << 30
_TYPES: Final = ("Image", "Sidecar", "Video")
_CATEGORIES: Final = {BRAND: "Product/Service", MEDIA: "Media/News Company"}
_encode: Final = msgspec.json.Encoder().encode


def open_writer(inbox: Inbox, names: Names) -> PlatformWriter:
    """A writer of Instagram's files."""
    return _Writer(inbox, names)


def account_id(names: Names, account: int) -> str:
    """The username."""
    return names.handles[account]


def post_id(names: Names, number: int, account: int, second: int, kind: int = POST) -> str:  # noqa: ARG001 - of every platform
    """The shortcode: the media number in base 64."""
    return spelled(_FIRST_MEDIA + second * _MEDIA_A_SECOND + number, BASE64, 11)


class _Writer(WeeklyWriter):
    def __init__(self, inbox: Inbox, names: Names) -> None:
        super().__init__(inbox, names)
        self._own = set(opened(names, PLATFORMS.index(_PLATFORM)).tolist())
        self._display = {account: names.display_name(account) for account in self._own}
        self._parts: list[bytes] = []
        self._sample: Payload | None = None  # for the faults

    def write_profiles(self, day: int, accounts: Ints) -> None:
        """The profile scraper's list."""
        names = self._names
        followers = names.accounts.followers(accounts, float(day)).tolist()
        profiles = []
        for account, follower_count, actor_class in zip(
            accounts.tolist(), followers, names.accounts.actor_class[accounts].tolist(), strict=True
        ):
            handle, category = names.handles[account], _CATEGORIES.get(actor_class)
            profiles.append({
                "id": str(_FIRST_OWNER + account), "username": handle, "url": profile_address(_PLATFORM, handle), "fullName": self._display[account],
                "biography": names.biography(account), "externalUrl": None, "followersCount": follower_count, "followsCount": 90 + account % 800,
                "postsCount": 40 + day + account % 500, "private": False, "verified": follower_count > 1_000_000,
                "isBusinessAccount": category is not None, "businessCategoryName": category,
            })  # fmt: skip
        name = f"dataset_instagram-profile-scraper_{day_of(day).isoformat()}.json"
        self._inbox.write(_PLATFORM, name, b"[\n" + b",\n".join(map(_encode, profiles)) + b"\n]\n")

    def gather(self, filed: Filed) -> None:
        """Keep a day's posts."""
        items = self._items(filed)
        if items:
            self._sample = self._sample or items[0]
            self._parts.append(b",\n".join(map(_encode, items)))

    def hand_over(self, day: int, *, is_last: bool) -> None:
        """The post scraper's list of a week."""
        name = f"dataset_instagram-post-scraper_{day_of(day).isoformat()}.json"
        if is_last and self._sample is not None:
            self._parts += map(_encode, self._inbox.spoil(_PLATFORM, name, self._sample))
        if self._parts:
            write_list(self._inbox, _PLATFORM, name, b"[\n", self._parts, b"\n]\n")
        self._parts = []
        if is_last and self._inbox.has_faults:
            self._inbox.write(
                _PLATFORM, "notes.pdf", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<< /Type /Catalog >>\nendobj\n%%EOF\n"
            )
            self._inbox.plant(_PLATFORM, "notes.pdf", "unknown_file", "unknown_format")

    def _items(self, filed: Filed) -> list[Payload]:
        posts, names, handles = filed.posts, self._names, self._names.handles
        media = _FIRST_MEDIA + posts.second * _MEDIA_A_SECOND + posts.number
        tags = names.tags(posts)
        likes, comments, _ = counters(posts, filed.observed_second)
        rows = zip(
            posts.number.tolist(), posts.account.tolist(), posts.credit.tolist(), posts.parent_account.tolist(),
            (posts.disclosure == PLATFORM_LABEL).tolist(), media.tolist(), spelled_all(media, BASE64, 11),
            captions(names, posts, worded(names.sentences(posts), filed.version), tags), tags,
            iso_all(posts.stated_second, posts.number), likes, comments, strict=True,
        )  # fmt: skip
        full_name = "ownerDisplayName" if filed.is_drifted else "ownerFullName"
        items = []
        for number, account, credit, above, is_paid, own, code, caption, listed, written_at, like_count, comment_count in rows:
            mentioned = [handles[other] for other in (credit, above) if other != NOBODY]
            kind = _TYPES[number % 3]
            item: Payload = {
                "id": str(own), "type": kind, "shortCode": code, "caption": caption, "hashtags": listed, "mentions": mentioned,
                "url": f"https://www.instagram.com/p/{code}/", "commentsCount": comment_count, "firstComment": "", "likesCount": like_count,
                "timestamp": written_at, full_name: self._display[account], "ownerUsername": handles[account],
                "ownerId": str(_FIRST_OWNER + account), "isSponsored": is_paid,
            }  # fmt: skip
            if kind == "Video":
                item |= {"videoViewCount": like_count * 12, "videoDuration": 8.5 + number % 80}
            if filed.is_drifted:
                item["isPinned"] = False
            items.append(item)
        return items
