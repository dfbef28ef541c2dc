"""Tumblr as its API v2 lists posts of tags: blocks, reblogs, notes of those who like, and the blog beside each post. Nothing is said of deletions."""

from __future__ import annotations

from typing import Any, Final

import msgspec
import numpy as np

from pipelines.world.drawn import LIKE, NOBODY, PLATFORMS, POST, REPOST, START_SECONDS, Ints, day_of
from pipelines.world.native.files import BASE64, Filed, Inbox, Payload, document, text_id
from pipelines.world.native.names import Names, profile_address
from pipelines.world.native.told import Told, ids_by_account, packed, raw, told

STATES_DELETIONS: Final = False
_PLATFORM: Final = "tumblr"
_SHIFT: Final = 28
_LAST_BITS: Final = (1 << _SHIFT) - 1
_PICTURES: Final = 3  # one post in so many shows one


def account_id(names: Names, account: int) -> str:
    """The name of an account's blog, which has hyphens where handles elsewhere have underscores."""
    return names.handles[account].lower().replace("_", "-")


def post_id(names: Names, number: int, account: int, second: int, kind: int = POST) -> str:
    """A post's blog and number."""
    del kind
    return f"{account_id(names, account)}/{_number(number, second)}"


def _number(number: int, second: int) -> int:
    return (START_SECONDS + second) << _SHIFT | number & _LAST_BITS


def open_writer(inbox: Inbox, names: Names) -> Writer:
    """The writer of an inbox's folder ``tumblr``."""
    return Writer(inbox, names)


class Writer:
    """A day's posts as one answer. A reply is a reblog with words, since what Tumblr calls a reply is a note and no post."""

    def __init__(self, inbox: Inbox, names: Names) -> None:
        self._inbox, self._names = inbox, names
        self._ids = ids_by_account(names, PLATFORMS.index(_PLATFORM), account_id)
        self._blogs: dict[int, msgspec.Raw] = {}

    def write_profiles(self, day: int, accounts: Ints) -> None:
        """Nothing: a blog is told beside each of its posts, and nobody is told its followers."""

    def write_day(self, filed: Filed) -> None:
        """The answer of a day's search, newest first."""
        stamp = day_of(filed.day).isoformat()
        name, notes = f"tagged-{stamp}.json.zst", self._likes(filed)
        records = told(self._names, filed)[::-1]
        posts: list[Any] = [raw(self._post(post, notes, is_later=filed.is_drifted)) for post in records]
        if filed.is_last and posts and self._inbox.has_faults:
            posts += self._spoilt(name, stamp, self._post(records[-1], {}, is_later=filed.is_drifted))
        self._inbox.write(_PLATFORM, name, packed({"meta": {"status": 200, "msg": "OK"}, "response": posts}))

    def close(self) -> None:
        """Nothing is left to write."""

    def _spoilt(self, name: str, stamp: str, good: Payload) -> list[Payload]:
        """Spoilt records and a post that its blog keeps to itself; beside them an answer that is a refusal."""
        spoilt = [*self._inbox.spoil(_PLATFORM, name, good), {**good, "state": "private"}]
        self._inbox.plant(_PLATFORM, name, "bad_record", "not_public")
        refusal = {
            "meta": {"status": 429, "msg": "Limit Exceeded"},
            "response": [],
            "errors": [{"title": "Limit Exceeded", "code": 0}],
        }
        self._inbox.write(_PLATFORM, f"tagged-{stamp}-refused.json", document(refusal))
        self._inbox.plant(_PLATFORM, f"tagged-{stamp}-refused.json", "bad_record", "error_response")
        return spoilt

    def _likes(self, filed: Filed) -> dict[int, list[Payload]]:
        """Notes of likes by post number, of the posts that the day's answer holds; those of older posts are shown by no answer."""
        likes = filed.reactions.take((filed.reactions.kind == LIKE) & np.isin(filed.reactions.target, filed.posts.number))
        notes: dict[int, list[Payload]] = {}
        for account, second, target in zip(likes.account.tolist(), likes.second.tolist(), likes.target.tolist(), strict=True):
            blog = self._ids[account]
            note = {"type": "like", "timestamp": START_SECONDS + second, "blog_name": blog, "blog_url": f"https://{blog}.tumblr.com/", "followed": False}  # fmt: skip
            notes.setdefault(target, []).append(note)
        return notes

    def _blog(self, account: int) -> msgspec.Raw:
        if account not in self._blogs:
            names, blog = self._names, self._ids[account]
            about, linked = names.biography(account), int(names.accounts.links_to[account])
            if linked != NOBODY:
                address = profile_address(PLATFORMS[int(names.accounts.platform[linked])], names.handles[linked])
                about = about.replace(address, f'<a href="{address}">{address}</a>')
            told_of: Payload = {
                "name": blog, "title": names.display_name(account), "description": about, "url": f"https://{blog}.tumblr.com/",
                "uuid": "t:" + text_id(BASE64, 22, names.seed, _PLATFORM, account), "updated": START_SECONDS,
            }  # fmt: skip
            self._blogs[account] = raw(told_of)
        return self._blogs[account]

    def _post(self, post: Told, notes: dict[int, list[Payload]], *, is_later: bool) -> Payload:
        blog, number, is_reblog = self._ids[post.account], _number(post.number, post.second), post.kind != POST
        made: Payload = {
            "object_type": "post", "type": "blocks", "original_type": "note", "blog_name": blog, "blog": self._blog(post.account),
            "id": number, "id_string": str(number), "permalink_url" if is_later else "post_url": f"https://{blog}.tumblr.com/post/{number}",
            "slug": "", "date": f"{post.moment.replace('T', ' ')} GMT", "timestamp": post.stated, "state": "published",
            "reblog_key": f"{post.pick:04x}{number & 0xFFFF:04x}", "tags": post.tags, "note_count": post.likes + post.comments + post.shares,
            "content": [] if post.kind == REPOST else self._content(post), "layout": [], "trail": [], "is_nsfw": False,
        }  # fmt: skip
        if is_reblog:
            above, above_number = self._ids[post.parent_account], _number(post.parent, post.parent_second)
            address = f"https://{above}.tumblr.com/post/{above_number}"
            made["parent_post_url"] = address
            for which in ("from", "root"):
                made |= {
                    f"reblogged_{which}_id": str(above_number),
                    f"reblogged_{which}_url": address,
                    f"reblogged_{which}_name": above,
                }
        if post.has_paid_label:
            made["is_commercial"] = True
        if post.number in notes:
            made["notes"] = notes[post.number]
        if is_later:
            made["is_blaze_pending"] = False
        return made

    def _content(self, post: Told) -> list[Payload]:
        text, formatting = post.text, []
        if post.credit != NOBODY:
            blog, handle = self._ids[post.credit], self._names.handles[post.credit]
            start = text.find(f"@{handle}")
            text = text.replace(f"@{handle}", f"@{blog}")
            named = {"name": blog, "url": f"https://{blog}.tumblr.com/"}
            formatting.append({"start": start, "end": start + len(blog) + 1, "type": "mention", "blog": named})
        words: Payload = {"type": "text", "text": text}
        if formatting:
            words["formatting"] = formatting
        if post.kind != POST or post.pick % _PICTURES:
            return [words]
        address = f"https://64.media.tumblr.com/{post.number}/s1280x1920/{post.pick:04x}.jpg"
        return [{"type": "image", "media": [{"url": address, "type": "image/jpeg", "width": 1280, "height": 960}]}, words]
