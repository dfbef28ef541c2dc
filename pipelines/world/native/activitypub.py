"""ActivityPub: the activities that reach an inbox, a line each, and the actors behind them. One server; no collections, no REST answers."""

from __future__ import annotations

from html import escape
from operator import itemgetter
from typing import Final

import msgspec
import numpy as np

from pipelines.world.drawn import LIKE, NOBODY, PLATFORMS, POST, QUOTE, REPLY, REPOST, START_SECONDS, Ints, day_of
from pipelines.world.native.files import Filed, Inbox, Payload
from pipelines.world.native.names import ACTIVITYPUB_SERVER, Names, profile_address
from pipelines.world.native.told import Told, compressed, deleted_seconds, ids_by_account, moments, opened_on, told

STATES_DELETIONS: Final = True
_PLATFORM: Final = "activitypub"
_HOST: Final = f"https://{ACTIVITYPUB_SERVER}"
_PUBLIC: Final = "https://www.w3.org/ns/activitystreams#Public"
_CONTEXT: Final = ["https://www.w3.org/ns/activitystreams", {"Hashtag": "as:Hashtag", "sensitive": "as:sensitive"}]
_SHIFT: Final = 16
_LAST_BITS: Final = (1 << _SHIFT) - 1
_LATEST_EDIT_SECONDS: Final = 1_800
_ENCODER: Final = msgspec.json.Encoder()
_Timed = tuple[
    int, bytes
]  # when, and the line: thousands of payloads at once would be walked through at each collection of garbage


def account_id(names: Names, account: int) -> str:
    """The address of an actor."""
    return f"{_HOST}/users/{names.handles[account]}"


def post_id(names: Names, number: int, account: int, second: int, kind: int = POST) -> str:
    """The address of an object, or of the activity that a boost is."""
    del kind
    return f"{account_id(names, account)}/statuses/{_number(number, second)}"


def _number(number: int, second: int) -> int:
    return (START_SECONDS + second) * 1000 << _SHIFT | number & _LAST_BITS


def open_writer(inbox: Inbox, names: Names) -> Writer:
    """The writer of an inbox's folder ``activitypub``."""
    return Writer(inbox, names)


class Writer:
    """A day's activities in order of time, and actors with the number of their followers inside them."""

    def __init__(self, inbox: Inbox, names: Names) -> None:
        self._inbox, self._names = inbox, names
        self._ids = ids_by_account(names, PLATFORMS.index(_PLATFORM), account_id)

    def write_profiles(self, day: int, accounts: Ints) -> None:
        """Actors, one a line."""
        followers = self._names.accounts.followers(accounts, day).tolist()
        actors = [self._actor(account, count) for account, count in zip(accounts.tolist(), followers, strict=True)]
        self._inbox.write(_PLATFORM, f"actors-{day_of(day)}.jsonl", _ENCODER.encode_lines(actors))

    def write_day(self, filed: Filed) -> None:
        """The activities of the day; no file where there were none."""
        name, posts = f"inbox-{day_of(filed.day)}.jsonl.zst", told(self._names, filed)
        activities = [(post.second, _ENCODER.encode(self._activity(post, is_later=filed.is_drifted))) for post in posts]
        activities += [*self._reactions(filed), *self._deletions(filed)]
        activities.sort(key=itemgetter(0))
        lines = [activity for _, activity in activities]
        if filed.is_last and posts and self._inbox.has_faults:
            good = self._note(posts[0], is_later=filed.is_drifted)
            letter = {**good, "id": f"{good['id']}0", "to": [self._ids[posts[-1].account]], "cc": []}
            lines += [*self._inbox.spoil_lines(_PLATFORM, name, good), _ENCODER.encode(letter)]
            self._inbox.plant(_PLATFORM, name, "bad_record", "not_public")
        if lines:
            self._inbox.write(_PLATFORM, name, compressed(b"\n".join([*lines, b""])))

    def close(self) -> None:
        """Nothing is left to write."""

    def _actor(self, account: int, followers: int) -> Payload:
        names, own = self._names, self._ids[account]
        about, linked = escape(names.biography(account), quote=False), int(names.accounts.links_to[account])
        if linked != NOBODY:
            address = profile_address(PLATFORMS[int(names.accounts.platform[linked])], names.handles[linked])
            about = about.replace(address, f'<a href="{address}" rel="me nofollow">{address}</a>')
        return {
            "@context": _CONTEXT, "id": own, "type": "Service" if names.accounts.is_declared_bot[account] else "Person",
            "preferredUsername": names.handles[account], "name": names.display_name(account), "summary": f"<p>{about}</p>",
            "url": f"{_HOST}/@{names.handles[account]}", "published": f"{opened_on(names, account)}T00:00:00Z", "inbox": f"{own}/inbox",
            "outbox": f"{own}/outbox", "followers": _counted(f"{own}/followers", followers, "OrderedCollection"),
            "following": _counted(f"{own}/following", 100 + account * 7_919 % 900, "OrderedCollection"), "discoverable": True,
            "indexable": True, "manuallyApprovesFollowers": False, "endpoints": {"sharedInbox": f"{_HOST}/inbox"},
        }  # fmt: skip

    def _activity(self, post: Told, *, is_later: bool) -> Payload:
        """What a post comes in: a boost, a new object, or an object after an edit."""
        own, published = self._ids[post.account], f"{post.moment}Z"
        if post.kind == REPOST:
            parent = self._ids[post.parent_account]
            return {
                "@context": _CONTEXT, "id": f"{own}/statuses/{_number(post.number, post.second)}", "type": "Announce", "actor": own,
                "published": published, "to": [_PUBLIC], "cc": [parent, f"{own}/followers"],
                "object": f"{parent}/statuses/{_number(post.parent, post.parent_second)}",
            }  # fmt: skip
        note = self._note(post, is_later=is_later)
        activity = {
            "@context": _CONTEXT, "id": f"{note['id']}/activity", "type": "Create", "actor": own, "published": published,
            "to": note["to"], "cc": note["cc"], "object": note,
        }  # fmt: skip
        if post.is_edited:
            after = max(1, min(_LATEST_EDIT_SECONDS, post.observed - post.second))
            note["updated"] = f"{moments(np.array([post.stated + after]))[0]}Z"
            activity |= {"id": f"{note['id']}#updates/{post.stated + after}", "type": "Update", "published": note["updated"]}
        return activity

    def _note(self, post: Told, *, is_later: bool) -> Payload:
        own, handle = self._ids[post.account], self._names.handles[post.account]
        number = _number(post.number, post.second)
        native = f"{own}/statuses/{number}"
        named = [account for account in (post.parent_account if post.kind == REPLY else NOBODY, post.credit) if account != NOBODY]
        content, marks = self._content(post, named)
        parent = (
            None if post.kind == POST else f"{self._ids[post.parent_account]}/statuses/{_number(post.parent, post.parent_second)}"
        )
        made: Payload = {
            "id": native, "type": "Note", "summary": None, "inReplyTo": parent if post.kind == REPLY else None, "published": f"{post.moment}Z",
            "url": f"{_HOST}/@{handle}/{number}", "attributedTo": own, "to": [_PUBLIC],
            "cc": [f"{own}/followers", *(self._ids[account] for account in named)], "sensitive": False, "atomUri": native,
            "context" if is_later else "conversation": f"tag:{ACTIVITYPUB_SERVER},2026:objectId={number}:objectType=Conversation",
            "content": content, "contentMap": {post.language: content}, "attachment": [], "tag": marks,
            "replies": _counted(f"{native}/replies", post.comments), "likes": _counted(f"{native}/likes", post.likes),
            "shares": _counted(f"{native}/shares", post.shares),
        }  # fmt: skip
        if post.kind == QUOTE:
            made["quote"] = parent
        if is_later:
            made["interactionPolicy"] = {"canQuote": {"automaticApproval": [_PUBLIC]}}
        return made

    def _content(self, post: Told, named: list[int]) -> tuple[str, list[Payload]]:
        """The text as HTML, and the tags and names in it."""
        handles, marks = self._names.handles, []
        written = escape(post.text, quote=False)
        for account in named:
            handle = handles[account]
            link = f'<span class="h-card"><a href="{_HOST}/@{handle}" class="u-url mention">@<span>{handle}</span></a></span>'
            written = written.replace(f"@{handle}", link) if account == post.credit else f"{link} {written}"
            marks.append({"type": "Mention", "href": self._ids[account], "name": f"@{handle}@{ACTIVITYPUB_SERVER}"})
        for tag in post.tags:
            address = f"{_HOST}/tags/{tag}"
            written += f' <a href="{address}" class="mention hashtag" rel="tag">#<span>{tag}</span></a>'
            marks.append({"type": "Hashtag", "href": address, "name": f"#{tag}"})
        return f"<p>{written}</p>", marks

    def _reactions(self, filed: Filed) -> list[_Timed]:
        """Likes and follows."""
        done = filed.reactions
        columns = (done.number, done.account, done.second, done.kind, done.target, done.target_account, done.target_second)
        rows = zip(*(column.tolist() for column in columns), moments(START_SECONDS + done.second), strict=True)
        found = []
        for number, account, second, kind, target, target_account, target_second, moment in rows:
            own, other = self._ids[account], self._ids[target_account]
            subject = f"{other}/statuses/{_number(target, target_second)}" if kind == LIKE else other
            word, place = ("Like", "likes") if kind == LIKE else ("Follow", "follows")
            activity = {"@context": _CONTEXT, "id": f"{own}#{place}/{number}", "type": word, "actor": own, "published": f"{moment}Z", "object": subject}  # fmt: skip
            found.append((second, _ENCODER.encode(activity)))
        return found

    def _deletions(self, filed: Filed) -> list[_Timed]:
        """Deletions of objects; of a boost, that it is undone."""
        gone, seconds = filed.deleted, deleted_seconds(filed)
        rows = zip(
            gone.number.tolist(), gone.account.tolist(), gone.second.tolist(), gone.kind.tolist(), seconds,
            moments(START_SECONDS + np.array(seconds, np.int64)), strict=True,
        )  # fmt: skip
        found = []
        for number, account, second, kind, at, moment in rows:
            own = self._ids[account]
            native = f"{own}/statuses/{_number(number, second)}"
            word, place, of = ("Undo", "undo", "Announce") if kind == REPOST else ("Delete", "delete", "Tombstone")
            activity = {"@context": _CONTEXT, "id": f"{native}#{place}", "type": word, "actor": own, "to": [_PUBLIC], "published": f"{moment}Z", "object": {"id": native, "type": of}}  # fmt: skip
            found.append((at, _ENCODER.encode(activity)))
        return found


def _counted(address: str, count: int, kind: str = "Collection") -> Payload:
    return {"id": address, "type": kind, "totalItems": count}
