"""Bluesky's network as Jetstream tells of an invented world, a file a day, and answers of getProfiles. No draws."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import msgspec
import numpy as np

from pipelines.world.drawn import DAY, FOLLOW, LANGUAGES, PLATFORMS, POST, QUOTE, REPLY, REPOST, START_SECONDS, Ints, day_of
from pipelines.world.native.columns import Threads, hashed_all, iso_all, spelled_all, worded
from pipelines.world.native.files import BASE32, SORTABLE, Filed, Inbox, Payload, PlatformWriter, opened, spelled, text_id
from pipelines.world.native.names import Names

STATES_DELETIONS: Final = True
_PLATFORM: Final = "bluesky"
_POSTS: Final = "app.bsky.feed.post"
_REPOSTS: Final = "app.bsky.feed.repost"
_LIKES: Final = "app.bsky.feed.like"
_FOLLOWS: Final = "app.bsky.graph.follow"
_MICROS: Final = 1_000_000
_EDIT: Final = 1 << 40  # added to a number, so that an edited record has a content id of its own
_encode: Final = msgspec.json.Encoder().encode
_Line = tuple[int, bytes]  # microseconds at which the network saw it, and the line


def open_writer(inbox: Inbox, names: Names) -> PlatformWriter:
    """A writer of Bluesky's files."""
    return _Writer(inbox, names)


def account_id(names: Names, account: int) -> str:
    """The DID."""
    return "did:plc:" + text_id(BASE32, 24, names.seed, "did", account)


def post_id(names: Names, number: int, account: int, second: int, kind: int = POST) -> str:
    """The at:// address of the record: a post's, or a repost's."""
    key = spelled(_micros(second, number) << 10, SORTABLE, 13)
    return f"at://{account_id(names, account)}/{_REPOSTS if kind == REPOST else _POSTS}/{key}"


def _micros(second: Any, number: Any) -> Any:
    return (START_SECONDS + second) * _MICROS + number % _MICROS


def _keys(seconds: Ints, numbers: Ints) -> list[str]:
    """Timestamp identifiers."""
    return spelled_all(_micros(seconds, numbers) << 10, SORTABLE, 13)


class _Writer:
    def __init__(self, inbox: Inbox, names: Names) -> None:
        self._inbox, self._names = inbox, names
        self._own = opened(names, PLATFORMS.index(_PLATFORM))
        self._dids = {account: account_id(names, account) for account in self._own.tolist()}
        self._threads = Threads()
        self._sample: Payload | None = None  # for the faults

    def write_profiles(self, day: int, accounts: Ints) -> None:
        """An answer of getProfiles, or rather many of them in one."""
        names, stamp = self._names, day_of(day).isoformat()
        followers = names.accounts.followers(accounts, float(day)).tolist()
        opened_days = names.accounts.opened_day[accounts].tolist()
        bots = names.accounts.is_declared_bot[accounts].tolist()
        profiles = []
        for account, follower_count, opened_day, is_bot in zip(accounts.tolist(), followers, opened_days, bots, strict=True):
            did = self._dids[account]
            labels = [
                {"src": did, "uri": f"at://{did}/app.bsky.actor.profile/self", "val": "bot", "cts": f"{stamp}T12:00:00.000Z"}
            ]
            profiles.append({
                "did": did, "handle": f"{names.handles[account]}.bsky.social", "displayName": names.display_name(account),
                "description": names.biography(account), "followersCount": follower_count, "followsCount": 80 + account % 700,
                "postsCount": 20 + day + account % 400, "createdAt": f"{day_of(opened_day).isoformat() if opened_day else '2024-02-06'}T10:00:00.000Z",
                "indexedAt": f"{stamp}T12:00:00.000Z", "labels": labels if is_bot else [],
            })  # fmt: skip
        self._inbox.write(_PLATFORM, f"getProfiles-{stamp}.json", _encode({"profiles": profiles}))

    def write_day(self, filed: Filed) -> None:
        """Write the day's events in the order of the network; a day without any has no file."""
        name = f"jetstream-{day_of(filed.day).isoformat()}.jsonl.gz"
        lines = [*self._posts(filed), *self._reactions(filed), *self._deletes(filed)]
        if lines:
            lines += self._comings_and_goings(filed, name)
        lines.sort(key=lambda timed: timed[0])
        content = [line for _, line in lines]
        if filed.is_last and self._sample is not None:
            content += self._inbox.spoil_lines(_PLATFORM, name, self._sample)
        if content:
            stream = self._inbox.stream(_PLATFORM, name)
            stream.write(b"\n".join(content) + b"\n")
            stream.close()

    def close(self) -> None:
        """Every day is whole."""

    def _posts(self, filed: Filed) -> Iterator[_Line]:
        posts, names, dids = filed.posts, self._names, self._dids
        threads = self._threads.of(posts)
        roots = np.array([thread.root for thread in threads], np.int64)
        root_seconds = np.array([thread.root_second for thread in threads], np.int64)
        # The network saw a record when it was made, or replaced, and the second in which it did is over.
        seen_at = _micros(np.where(filed.version > 0, filed.observed_second, posts.second) + 1, posts.number % 400_000)
        rows = zip(
            posts.account.tolist(), posts.kind.tolist(), posts.parent_account.tolist(), posts.credit.tolist(), posts.language.tolist(),
            filed.version.tolist(), seen_at.tolist(), iso_all(posts.stated_second, posts.number), names.tags(posts),
            worded(names.sentences(posts), filed.version), _keys(posts.second, posts.number), _keys(posts.second + 1, posts.number + 1),
            self._content_ids(_POSTS, posts.number + filed.version * _EDIT), _keys(posts.parent_second, posts.parent),
            self._content_ids(_POSTS, posts.parent), threads, _keys(root_seconds, roots), self._content_ids(_POSTS, roots), strict=True,
        )  # fmt: skip
        revision = "revision" if filed.is_drifted else "rev"
        for (
            account, kind, above, credit, language, version, micros, written_at, tags, sentence, own, rev, content_id, parent_key,
            parent_cid, thread, root_key, root_cid,
        ) in rows:  # fmt: skip
            record: Payload = {"$type": _REPOSTS if kind == REPOST else _POSTS, "createdAt": written_at}
            parent = {"cid": parent_cid, "uri": f"at://{dids[above]}/{_POSTS}/{parent_key}"} if above in dids else None
            if kind == REPOST and parent:
                record["subject"] = parent
            else:
                text, facets = self._text(sentence, tags, credit)
                record |= {"$type": _POSTS, "langs": [LANGUAGES[language]], "text": text}
                if facets:
                    record["facets"] = facets
                if kind == REPLY and parent:
                    root = {"cid": root_cid, "uri": f"at://{dids[thread.root_account]}/{_POSTS}/{root_key}"}
                    record["reply"] = {"parent": parent, "root": root}
                elif kind == QUOTE and parent:
                    record["embed"] = {"$type": "app.bsky.embed.record", "record": parent}
            commit = {
                revision: rev, "operation": "update" if version else "create", "collection": record["$type"], "rkey": own, "record": record,
                "cid": content_id,
            }  # fmt: skip
            event = {"did": dids[account], "time_us": micros, "kind": "commit", "commit": commit}
            if filed.is_drifted:
                event["relay"] = "bsky.network"
            if self._sample is None:
                self._sample = event
            yield micros, _encode(event)

    def _text(self, sentence: str, tags: list[str], credit: int) -> tuple[str, list[Payload]]:
        """The text, and where in its bytes the mention and the tags are."""
        facets: list[Payload] = []
        text = sentence
        if credit in self._dids:
            before, handle, after = sentence.partition(f"@{self._names.handles[credit]}")
            handle = f"{handle}.bsky.social"
            text, start = before + handle + after, len(before.encode())
            mention = {"$type": "app.bsky.richtext.facet#mention", "did": self._dids[credit]}
            facets.append({"features": [mention], "index": {"byteStart": start, "byteEnd": start + len(handle)}})
        end = len(text.encode())
        for tag in tags:
            start, end = end + 1, end + 2 + len(tag.encode())
            feature = {"$type": "app.bsky.richtext.facet#tag", "tag": tag}
            facets.append({"features": [feature], "index": {"byteStart": start, "byteEnd": end}})
        return " #".join([text, *tags]), facets

    def _reactions(self, filed: Filed) -> Iterator[_Line]:
        reactions, dids = filed.reactions, self._dids
        rows = zip(
            reactions.account.tolist(), reactions.kind.tolist(), reactions.target_account.tolist(),
            _micros(reactions.second + 1, reactions.number % 400_000).tolist(), iso_all(reactions.second, reactions.number),
            _keys(reactions.second, reactions.number), _keys(reactions.second + 1, reactions.number + 1),
            self._content_ids("reaction", reactions.number), _keys(reactions.target_second, reactions.target),
            self._content_ids(_POSTS, reactions.target), strict=True,
        )  # fmt: skip
        revision = "revision" if filed.is_drifted else "rev"
        for account, kind, target, micros, written_at, own, rev, content_id, target_key, target_cid in rows:
            collection = _FOLLOWS if kind == FOLLOW else _LIKES
            uri = f"at://{dids[target]}/{_POSTS}/{target_key}"
            subject = dids[target] if kind == FOLLOW else {"cid": target_cid, "uri": uri}
            commit = {
                revision: rev, "operation": "create", "collection": collection, "rkey": own,
                "record": {"$type": collection, "createdAt": written_at, "subject": subject}, "cid": content_id,
            }  # fmt: skip
            yield micros, _encode({"did": dids[account], "time_us": micros, "kind": "commit", "commit": commit})

    def _deletes(self, filed: Filed) -> Iterator[_Line]:
        posts = filed.deleted
        # Some time within the day, and not before the post itself.
        seconds = np.maximum(filed.day * DAY + 3_600 + posts.number * 7_919 % 80_000, posts.second + 60)
        rows = zip(
            posts.account.tolist(), posts.kind.tolist(), _micros(seconds, posts.number).tolist(), _keys(posts.second, posts.number),
            _keys(seconds, posts.number), strict=True,
        )  # fmt: skip
        for account, kind, micros, own, rev in rows:
            collection = _REPOSTS if kind == REPOST else _POSTS
            commit = {"rev": rev, "operation": "delete", "collection": collection, "rkey": own}
            yield micros, _encode({"did": self._dids[account], "time_us": micros, "kind": "commit", "commit": commit})

    def _comings_and_goings(self, filed: Filed, name: str) -> Iterator[_Line]:
        """Identities of accounts that open on the day, the state of those that close, and at the end one that is deleted: it never posted."""
        accounts, own = self._names.accounts, self._own[self._names.accounts.collected_day[self._own] <= filed.day]
        first = (START_SECONDS + filed.day * DAY) * _MICROS
        for account in own[(accounts.opened_day[own] == filed.day) & (filed.day > 0)].tolist():
            yield self._told(first + account, account, "identity", {"handle": f"{self._names.handles[account]}.bsky.social"})
        for account in own[accounts.closed_day[own] == filed.day].tolist():
            yield self._told(first + account, account, "account", {"active": False, "status": "deactivated"})
        silent = own[accounts.is_lurking[own]]
        if filed.is_last and self._inbox.has_faults and len(silent):
            leaver = int(silent[0])
            self._inbox.plant(_PLATFORM, name, "deleted_account", None, self._dids[leaver])
            yield self._told(first + DAY * _MICROS - 1, leaver, "account", {"active": False, "status": "deleted"})

    def _told(self, micros: int, account: int, kind: str, body: Payload) -> _Line:
        did = self._dids[account]
        happened = f"{np.datetime64(micros // 1000, 'ms')}Z"
        stamp = {"did": did, "seq": 31_527_015_470 + micros % 1_000_000_007, "time": happened}
        return micros, _encode({"did": did, "time_us": micros, "kind": kind, kind: {**stamp, **body}})

    def _content_ids(self, kind: str, numbers: Ints) -> list[str]:
        return [f"bafyrei{digest}" for digest in hashed_all(self._names.seed, kind, numbers, BASE32, 52)]
