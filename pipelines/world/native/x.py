"""X as its API v2 tells it: pages of a search with their authors, looked-up users, compliance events. No shapes of v1.1, no archives."""

from __future__ import annotations

from html import escape
from typing import Any, Final

import numpy as np

from pipelines.world.drawn import BRAND, MEDIA, NOBODY, PLATFORMS, POST, QUOTE, REPLY, REPOST, START_SECONDS, Ints, day_of
from pipelines.world.native.files import Filed, Inbox, Payload, document, lines, text_id
from pipelines.world.native.names import Names, profile_address
from pipelines.world.native.told import Told, deleted_seconds, ids_by_account, moments, opened_on, packed, raw, told

STATES_DELETIONS: Final = True
_PLATFORM: Final = "x"
_EPOCH_MILLISECONDS: Final = 1_288_834_974_657
_SHIFT: Final = 22
_LAST_BITS: Final = (1 << _SHIFT) - 1
_START_MILLISECONDS: Final = START_SECONDS * 1000 - _EPOCH_MILLISECONDS
_LATEST_EDIT_SECONDS: Final = 1_800
_VERIFIED: Final = {BRAND: "business", MEDIA: "blue"}
_WORDS: Final = {REPLY: "replied_to", REPOST: "retweeted", QUOTE: "quoted"}


def account_id(names: Names, account: int) -> str:
    """The number of an account."""
    return "1" + text_id("0123456789", 18, names.seed, _PLATFORM, account)


def post_id(names: Names, number: int, account: int, second: int, kind: int = POST) -> str:
    """The number of a post, whose upper bits are its time."""
    del names, account, kind
    return _snowflake(number, second)


def _snowflake(number: int, second: int) -> str:
    return str(_START_MILLISECONDS + second * 1000 << _SHIFT | number & _LAST_BITS)


def open_writer(inbox: Inbox, names: Names) -> Writer:
    """The writer of an inbox's folder ``x``."""
    return Writer(inbox, names)


class Writer:
    """A page of all that a day's search found, with its authors; the day's deletions beside it."""

    def __init__(self, inbox: Inbox, names: Names) -> None:
        self._inbox, self._names = inbox, names
        self._ids = ids_by_account(names, PLATFORMS.index(_PLATFORM), account_id)
        self._users: dict[int, Payload] = {}

    def write_profiles(self, day: int, accounts: Ints) -> None:
        """An answer of ``/2/users``."""
        users = self._shown(accounts, day, is_later=False)
        self._inbox.write(_PLATFORM, f"users-{day_of(day)}.json", document({"data": users}))

    def write_day(self, filed: Filed) -> None:
        """The page of a search, newest first, and compliance events."""
        name = f"search-all-{day_of(filed.day)}.json.zst"
        records = told(self._names, filed)[::-1]
        posts: list[Any] = [raw(self._post(post, is_later=filed.is_drifted)) for post in records]
        users = self._shown(np.unique(filed.posts.account), filed.day, is_later=filed.is_drifted)
        ends = [_snowflake(post.number, post.second) for post in (*records[:1], *records[-1:])]
        meta = dict(zip(("newest_id", "oldest_id"), ends, strict=False))
        page = {"data": posts, "includes": {"users": users}, "meta": {**meta, "result_count": len(posts)}}
        if filed.is_last and posts:
            posts += self._inbox.spoil(_PLATFORM, name, self._post(records[-1], is_later=filed.is_drifted))
            self._refused(filed)
        self._inbox.write(_PLATFORM, name, packed(page if posts else {"meta": page["meta"]}))
        if len(filed.deleted):
            self._inbox.write(_PLATFORM, f"compliance-tweets-{day_of(filed.day)}.jsonl", lines(self._deletions(filed)))

    def close(self) -> None:
        """Nothing is left to write."""

    def _refused(self, filed: Filed) -> None:
        """The answer to one search too many, kept as if it were a page."""
        if self._inbox.has_faults:
            name = f"search-all-{day_of(filed.day)}-refused.json"
            problem = {"title": "Too Many Requests", "detail": "Too Many Requests", "type": "about:blank", "status": 429}
            self._inbox.write(_PLATFORM, name, document(problem))
            self._inbox.plant(_PLATFORM, name, "bad_record", "error_response")

    def _deletions(self, filed: Filed) -> list[Payload]:
        gone, at = filed.deleted, moments(START_SECONDS + np.array(deleted_seconds(filed), np.int64))
        rows = zip(gone.number.tolist(), gone.account.tolist(), gone.second.tolist(), at, strict=True)
        return [
            {"data": {"delete": {"tweet": {"id": _snowflake(number, second), "author_id": self._ids[account]}, "event_at": f"{moment}.000Z"}}}
            for number, account, second, moment in rows
        ]  # fmt: skip

    def _shown(self, accounts: Ints, day: int, *, is_later: bool) -> list[Payload]:
        """Users as seen on a day."""
        posts_count = "post_count" if is_later else "tweet_count"
        followers = self._names.accounts.followers(accounts, day).tolist()
        rates = self._names.accounts.daily_rate
        return [
            {**self._user(account), "public_metrics": {
                "followers_count": count, "following_count": 100 + account * 7_919 % 900,
                posts_count: int(rates[account] * ((day_of(day) - opened_on(self._names, account)).days + 1)), "listed_count": count // 400}}
            for account, count in zip(accounts.tolist(), followers, strict=True)
        ]  # fmt: skip

    def _user(self, account: int) -> Payload:
        if account not in self._users:
            names = self._names
            about, linked = names.biography(account), int(names.accounts.links_to[account])
            user: Payload = {
                "id": self._ids[account], "username": names.handles[account], "name": names.display_name(account),
                "created_at": f"{opened_on(names, account)}T08:00:00.000Z", "protected": False, "description": about,
                "profile_image_url": f"https://pbs.twimg.com/profile_images/{self._ids[account]}/photo_normal.jpg",
            }  # fmt: skip
            if linked != NOBODY:
                address = profile_address(PLATFORMS[int(names.accounts.platform[linked])], names.handles[linked])
                short, start = (
                    f"https://t.co/{text_id('abcdefghijkLMNOPQRSTUVWXYZ0123456789', 10, address)}",
                    about.index(address),
                )
                user["description"] = about.replace(address, short)
                link = {
                    "start": start,
                    "end": start + len(short),
                    "url": short,
                    "expanded_url": address,
                    "display_url": address[8:38],
                }
                user["entities"] = {"description": {"urls": [link]}}
            verified = _VERIFIED.get(int(names.accounts.actor_class[account]))
            user |= {"verified": verified is not None, "verified_type": verified or "none"}
            self._users[account] = user
        return self._users[account]

    def _post(self, post: Told, *, is_later: bool) -> Payload:
        ids, kind = self._ids, post.kind
        native = _snowflake(post.number, post.second)
        written, entities = self._text(post)
        made: Payload = {"author_id": ids[post.account], "created_at": f"{post.moment}.000Z", "edit_history_tweet_ids": [native], "id": native,
                         "lang": post.language, "possibly_sensitive": False, "reply_settings": "everyone", "text": written}  # fmt: skip
        if entities:
            made["entities"] = entities
        made["conversation_id"] = native
        if kind != POST:
            other = _snowflake(post.parent, post.parent_second)
            made["referenced_tweets"] = [{"type": _WORDS[kind], "id": other}]
            if kind == REPLY:
                made |= {"conversation_id": other, "in_reply_to_user_id": ids[post.parent_account]}
        is_repost = kind == REPOST
        made["public_metrics"] = {
            "retweet_count": post.shares, "reply_count": 0 if is_repost else post.comments, "like_count": 0 if is_repost else post.likes,
            "quote_count": 0, "bookmark_count": 0, "impression_count": 0 if is_repost else post.likes * 40 + 12,
        }  # fmt: skip
        if post.has_paid_label:
            made["paid_partnership"] = True
        if post.is_edited:
            after = max(1, min(_LATEST_EDIT_SECONDS, post.observed - post.second))
            made["id"] = _snowflake(post.number, post.second + after)
            made["edit_history_tweet_ids"] = [native, made["id"]]
            made["created_at"] = f"{moments(np.array([post.stated + after]))[0]}.000Z"
        return _renamed(made) if is_later else made

    def _text(self, post: Told) -> tuple[str, Payload]:
        """The text as it is shown, and where its tags, names and links are."""
        handles, ids = self._names.handles, self._ids
        text, mentions, urls = post.text, [], []
        if post.kind in (REPLY, REPOST):
            handle = handles[post.parent_account]
            start = 3 if post.kind == REPOST else 0
            text = f"RT @{handle}: {text}" if start else f"@{handle} {text}"
            mentions.append({"start": start, "end": start + len(handle) + 1, "username": handle, "id": ids[post.parent_account]})
        if post.credit != NOBODY:
            handle = handles[post.credit]
            start = text.find(f"@{handle}")
            mentions.append({"start": start, "end": start + len(handle) + 1, "username": handle, "id": ids[post.credit]})
        hashtags = []
        for tag in post.tags:
            start = len(text) + 1
            text += f" #{tag}"
            hashtags.append({"start": start, "end": len(text), "tag": tag})
        if post.kind == QUOTE:
            other = _snowflake(post.parent, post.parent_second)
            address, start = f"https://twitter.com/{handles[post.parent_account]}/status/{other}", len(text) + 1
            text += f" https://t.co/{other[-10:]}"
            urls.append(
                {
                    "start": start,
                    "end": len(text),
                    "url": text[start:],
                    "expanded_url": address,
                    "display_url": address[8:38] + "…",
                }
            )
        found = {"hashtags": hashtags, "mentions": mentions, "urls": urls}
        return escape(text, quote=False), {name: value for name, value in found.items() if value}


def _renamed(made: Payload) -> Payload:
    """A post under the names that the API's description has from version 2.167 on, with a field that came later."""
    made["edit_history_post_ids"] = made.pop("edit_history_tweet_ids")
    made["public_metrics"]["repost_count"] = made["public_metrics"].pop("retweet_count")
    if "referenced_tweets" in made:
        made["referenced_posts"] = [
            {**other, "type": other["type"].replace("retweeted", "reposted")} for other in made.pop("referenced_tweets")
        ]
    made["display_text_range"] = [0, len(made["text"])]
    return made
