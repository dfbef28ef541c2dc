"""Mastodon as one server shows an invented world: a timeline a day, newest first, with the statuses it answers, and accounts. No draws."""

from __future__ import annotations

import html
import unicodedata
from collections import deque
from dataclasses import fields
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np

from pipelines.world.drawn import (
    DAY,
    LANGUAGES,
    NOBODY,
    PLATFORMS,
    POST,
    QUOTE,
    REPLY,
    REPOST,
    START_SECONDS,
    Flags,
    Ints,
    Posts,
    day_of,
)
from pipelines.world.native.columns import counters, iso_all, worded
from pipelines.world.native.files import Filed, Inbox, Payload, PlatformWriter, opened
from pipelines.world.native.names import Names
from pipelines.world.native.weekly import write_list

STATES_DELETIONS: Final = False
_PLATFORM: Final = "mastodon"
_SERVERS: Final = ("meadow.example", "brickwall.example", "commons.example")
_FIRST_ACCOUNT: Final = 109_000_000_000_000
_REMEMBERED_DAYS: Final = 31  # records arrive at most a month late
_CUT_BYTES: Final = 400
_encode: Final = msgspec.json.Encoder().encode


def open_writer(inbox: Inbox, names: Names) -> PlatformWriter:
    """A writer of Mastodon's files."""
    return _Writer(inbox, names)


def account_id(names: Names, account: int) -> str:
    """The profile's address."""
    return f"https://{_server(account)}/@{names.handles[account]}"


def post_id(names: Names, number: int, account: int, second: int, kind: int = POST) -> str:
    """The URI of the status, or of the boost."""
    return _uri(names, account, _snowflake(second, number), is_boost=kind == REPOST)


def _server(account: int) -> str:
    return _SERVERS[account % len(_SERVERS)]


def _uri(names: Names, account: int, own: int, *, is_boost: bool = False) -> str:
    return f"https://{_server(account)}/users/{names.handles[account]}/statuses/{own}{'/activity' if is_boost else ''}"


def _snowflake(second: Any, number: Any) -> Any:
    """Milliseconds, and 16 bits that tell what is of the same one."""
    return ((START_SECONDS + second) * 1000 + number // 65_536 % 1000 << 16) + number % 65_536


class _Delivered(NamedTuple):
    """Statuses as they were delivered."""

    posts: Posts
    version: Ints
    read_second: Ints

    def take(self, rows: Ints | Flags) -> _Delivered:
        return _Delivered(self.posts.take(rows), self.version[rows], self.read_second[rows])


class _Writer:
    def __init__(self, inbox: Inbox, names: Names) -> None:
        self._inbox, self._names = inbox, names
        own = opened(names, PLATFORMS.index(_PLATFORM)).tolist()
        self._profiles = {account: self._profile(account) for account in own}
        self._mentions = {account: self._mention(account) for account in own}
        self._listed: dict[str, str] = {}  # tags as servers list them
        self._recent: deque[_Delivered] = deque(maxlen=_REMEMBERED_DAYS)  # by number; the latest day first
        self._sample: Payload | None = None  # for the faults

    def write_profiles(self, day: int, accounts: Ints) -> None:
        """Account entities."""
        followers = self._names.accounts.followers(accounts, float(day)).tolist()
        rows = zip(accounts.tolist(), followers, strict=True)
        entities = [_encode(self._entity(account, count, day, is_drifted=False)) for account, count in rows]
        write_list(self._inbox, _PLATFORM, f"accounts-{day_of(day).isoformat()}.json.gz", b"[\n", entities, b"\n]\n")

    def write_day(self, filed: Filed) -> None:
        """Write the day's timeline."""
        stamp = day_of(filed.day).isoformat()
        statuses = self._timeline(filed)
        if statuses:
            self._sample = self._sample or next((status for status in statuses if status["reblog"] is None), None)
            name = f"statuses-{stamp}.json.gz"
            if filed.is_last and self._sample is not None:
                statuses += self._inbox.spoil(_PLATFORM, name, self._sample)
            write_list(self._inbox, _PLATFORM, name, b"[\n", list(map(_encode, statuses)), b"\n]\n")
        if filed.is_last and self._inbox.has_faults and self._sample is not None:
            cut = f"statuses-cut-{stamp}.json"
            self._inbox.write(_PLATFORM, cut, _encode([self._sample])[:_CUT_BYTES])
            self._inbox.plant(_PLATFORM, cut, "broken_file", "broken_json")

    def close(self) -> None:
        """Every day is whole."""

    def _timeline(self, filed: Filed) -> list[Payload]:
        """Statuses and boosts of the day, newest first, then older statuses that they answer: ids alone would not tell which."""
        posts = filed.posts
        boosted = np.unique(posts.parent[(posts.kind == REPOST) & (posts.parent != NOBODY)])
        today = _Delivered(posts, filed.version, filed.observed_second)
        self._remember(today)
        above = self._ancestors(posts)
        older = self._recalled(np.union1d(above, boosted))
        statuses = self._statuses(filed, older, np.full(len(older.posts), (filed.day + 1) * DAY - 1), {})
        along = dict(zip(older.posts.number.tolist(), statuses, strict=True))
        shown = self._statuses(filed, today, filed.observed_second, along)
        return [*reversed(shown), *(along[number] for number in above.tolist() if number in along)]

    def _remember(self, delivered: _Delivered) -> None:
        own = np.flatnonzero(delivered.posts.kind != REPOST)
        self._recent.appendleft(delivered.take(own[np.argsort(delivered.posts.number[own], kind="stable")]))

    def _ancestors(self, posts: Posts) -> Ints:
        """Numbers of what the replies among posts answer, and of what that answers, without the posts themselves."""
        known, above = posts.number, np.zeros(0, np.int64)
        while len(answered := np.setdiff1d(posts.parent[posts.kind == REPLY], known)):
            above, known = np.union1d(above, answered), np.union1d(known, answered)
            posts = self._recalled(answered).posts
        return above

    def _recalled(self, wanted: Ints) -> _Delivered:
        """Statuses of recent days by their numbers as they were last delivered, each once; boosts are none."""
        found: list[_Delivered] = []
        for day in self._recent:
            numbers = day.posts.number
            places = np.searchsorted(numbers, wanted, side="right") - 1
            is_here = (places >= 0) & (numbers[places] == wanted) if len(numbers) else np.zeros(len(wanted), np.bool_)
            found.append(day.take(places[is_here]))
            wanted = wanted[~is_here]
        columns = {field.name: np.concatenate([getattr(part.posts, field.name) for part in found]) for field in fields(Posts)}
        version, read_second = (np.concatenate([part[place] for part in found]) for place in (1, 2))
        return _Delivered(Posts(**columns), version, read_second)

    def _statuses(self, filed: Filed, delivered: _Delivered, seen_second: Ints, along: dict[int, Payload]) -> list[Payload]:
        """Status entities with counters of ``seen_second``; an edit was noticed when it was first delivered. Boosts show ``along``."""
        posts, names, profiles = delivered.posts, self._names, self._profiles
        own_ids, parent_ids = _snowflake(posts.second, posts.number), _snowflake(posts.parent_second, posts.parent)
        likes, comments, shares = counters(posts, seen_second)
        rows = zip(
            posts.account.tolist(), posts.kind.tolist(), posts.parent.tolist(), posts.parent_account.tolist(), posts.parent_second.tolist(),
            posts.credit.tolist(), posts.language.tolist(), delivered.version.tolist(), own_ids.tolist(), parent_ids.tolist(),
            iso_all(posts.stated_second, posts.number), iso_all(delivered.read_second, posts.number), names.tags(posts),
            worded(names.sentences(posts), delivered.version), names.accounts.followers(posts.account, seen_second / DAY).tolist(),
            likes, comments, shares, strict=True,
        )  # fmt: skip
        found = []
        for (
            account, kind, parent, above, above_second, credit, language, version, own, parent_id, written_at, read_at, tags, sentence,
            followers, like_count, comment_count, share_count,
        ) in rows:  # fmt: skip
            author = self._entity(account, followers, filed.day, is_drifted=filed.is_drifted)
            is_boost, is_reply, is_quote = (kind == which and above in profiles for which in (REPOST, REPLY, QUOTE))
            named = [other for other in ((above if is_reply else NOBODY), credit) if other in profiles]
            uri = _uri(names, account, own, is_boost=is_boost)
            status: Payload = {
                "id": str(own), "created_at": written_at, "in_reply_to_id": str(parent_id) if is_reply else None,
                "in_reply_to_account_id": str(_FIRST_ACCOUNT + above) if is_reply else None, "sensitive": False, "spoiler_text": "",
                "visibility": "public", "language": LANGUAGES[language], "uri": uri, "url": f"{author['url']}/{own}",
                "replies_count": comment_count, "reblogs_count": share_count, "favourites_count": like_count,
                "edited_at": read_at if version else None, "content": "", "reblog": None, "account": author, "media_attachments": [],
                "mentions": [], "tags": [], "emojis": [], "card": None, "poll": None,
            }  # fmt: skip
            if is_boost:
                status |= {"url": uri, "reblog": along.get(parent) or self._stub(above, parent_id, above_second, parent)}
            else:
                server = _server(account)
                status["content"] = self._content(sentence, tags, server, credit, above if is_reply else NOBODY)
                status["mentions"] = [self._mentions[other] for other in dict.fromkeys(named)]
                status["tags"] = [
                    {"name": self._listed_tag(tag), "url": f"https://{server}/tags/{self._listed_tag(tag)}"} for tag in tags
                ]
                if is_quote:
                    quoted = self._stub(above, parent_id, above_second, parent)
                    status["quote"] = {"state": "accepted", "quoted_status": quoted}
            if filed.is_drifted:
                status["interaction_policy"] = {}
            found.append(status)
        return found

    def _stub(self, account: int, own: int, second: int, number: int) -> Payload:
        """What a server knows of a status whose text it was not given."""
        written_at = iso_all(np.array([second]), np.array([number]))[0]
        author = self._profiles[account]
        return {
            "id": str(own), "created_at": written_at, "visibility": "public", "uri": _uri(self._names, account, own), "url": f"{author['url']}/{own}",
            "content": None, "reblog": None, "account": author, "media_attachments": [], "mentions": [], "tags": [], "emojis": [],
        }  # fmt: skip

    def _content(self, sentence: str, tags: list[str], server: str, credit: int, answered: int) -> str:
        text = html.escape(sentence, quote=False)
        if credit in self._profiles:
            text = text.replace(f"@{self._names.handles[credit]}", self._mention_link(credit))
        if answered != NOBODY:
            text = f"{self._mention_link(answered)} {text}"
        links = [
            f'<a href="https://{server}/tags/{tag}" class="mention hashtag" rel="tag">#<span>{tag}</span></a>' for tag in tags
        ]
        return f"<p>{' '.join([text, *links])}</p>"

    def _mention_link(self, account: int) -> str:
        shown = self._mentions[account]
        return f'<span class="h-card" translate="no"><a href="{shown["url"]}" class="u-url mention">@<span>{shown["username"]}</span></a></span>'

    def _listed_tag(self, tag: str) -> str:
        found = self._listed.get(tag)
        if found is None:
            decomposed = unicodedata.normalize("NFKD", tag.lower())
            found = self._listed[tag] = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
        return found

    def _mention(self, account: int) -> Payload:
        handle = self._names.handles[account]
        return {
            "id": str(_FIRST_ACCOUNT + account), "username": handle, "url": account_id(self._names, account), "acct": f"{handle}@{_server(account)}",
        }  # fmt: skip

    def _profile(self, account: int) -> Payload:
        """What does not change of an account entity."""
        names, handle, server = self._names, self._names.handles[account], _server(account)
        opened_day = int(names.accounts.opened_day[account])
        text, scheme, address = names.biography(account).partition("https://")
        link = f'<a href="{scheme}{address}" target="_blank" rel="nofollow noopener me">{address}</a>' if address else ""
        return {
            "id": str(_FIRST_ACCOUNT + account), "username": handle, "acct": f"{handle}@{server}", "display_name": names.display_name(account),
            "locked": False, "bot": bool(names.accounts.is_declared_bot[account]), "discoverable": True, "group": False,
            "created_at": f"{day_of(opened_day).isoformat() if opened_day else '2023-03-01'}T00:00:00.000Z",
            "note": f"<p>{html.escape(text, quote=False)}{link}</p>", "url": account_id(names, account),
            "uri": f"https://{server}/users/{handle}", "emojis": [], "fields": [],
        }  # fmt: skip

    def _entity(self, account: int, followers: int, day: int, *, is_drifted: bool) -> Payload:
        """An account entity as another server sees it on a day."""
        entity = self._profiles[account] | {
            "followers_count": followers, "following_count": 60 + account % 500, "statuses_count": 30 + day + account % 900,
            "last_status_at": day_of(day).isoformat(),
        }  # fmt: skip
        if is_drifted:
            entity["displayName"] = entity.pop("display_name")
        return entity
