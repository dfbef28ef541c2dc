"""Reddit's dumps of an invented world: submissions and comments by month, and later deliveries of what was deleted. No draws."""

from __future__ import annotations

from typing import Final

import msgspec
import numpy as np

from pipelines.world.drawn import DAY, NOBODY, PLATFORMS, POST, REPLY, REPOST, START_SECONDS, Ints, day_of
from pipelines.world.native.columns import Threads, counters, spelled_all, worded
from pipelines.world.native.files import BASE36, Filed, Inbox, Payload, PlatformWriter, Stream, line, opened, spelled
from pipelines.world.native.names import Names

STATES_DELETIONS: Final = True
_PLATFORM: Final = "reddit"
_UNPACKED_MONTH: Final = "2026-09"  # whose comments were delivered unpacked
_FIRST_POST: Final = 36**6 + 7_000_000
_FIRST_ACCOUNT: Final = 36**5
_encode: Final = msgspec.json.Encoder().encode


def open_writer(inbox: Inbox, names: Names) -> PlatformWriter:
    """A writer of Reddit's files."""
    return _Writer(inbox, names)


def account_id(names: Names, account: int) -> str:
    """The author's name."""
    return names.handles[account]


def post_id(names: Names, number: int, account: int, second: int, kind: int = POST) -> str:  # noqa: ARG001 - of every platform
    """The fullname: ``t1_`` for replies, ``t3_`` for all else."""
    return ("t1_" if kind == REPLY else "t3_") + spelled(_FIRST_POST + number, BASE36, 7)


class _Writer:
    def __init__(self, inbox: Inbox, names: Names) -> None:
        self._inbox, self._names = inbox, names
        self._streams: dict[str, Stream] = {}
        self._month = ""
        self._threads = Threads()
        self._samples: dict[bool, Payload] = {}  # a comment and a submission, for the faults
        own = opened(names, PLATFORMS.index(_PLATFORM))
        self._fullnames = dict(zip(own.tolist(), spelled_all(own + _FIRST_ACCOUNT, BASE36, 6), strict=True))
        self._communities = [niche.name.replace(" ", "") for niche in names.niches]

    def write_profiles(self, day: int, accounts: Ints) -> None:
        """Reddit shows no followers, and its dumps hold no profiles."""

    def write_day(self, filed: Filed) -> None:
        """Append the day's lines to the dumps of its month."""
        month = day_of(filed.day).isoformat()[:7]
        if month != self._month:
            self.close()
            self._month = month
        for is_comment, payloads in self._payloads(filed).items():
            if payloads:
                self._samples.setdefault(is_comment, payloads[0])
                self._append(self._dump(is_comment=is_comment), b"\n".join(map(_encode, payloads)))
        if len(filed.deleted):
            self._write_deleted(filed)
        if filed.is_last and True in self._samples:
            name = self._dump(is_comment=True)
            for spoilt in self._inbox.spoil_lines(_PLATFORM, name, self._samples[True]):
                self._append(name, spoilt)

    def close(self) -> None:
        """Finish the month's files."""
        for stream in self._streams.values():
            stream.close()
        self._streams.clear()

    def _dump(self, *, is_comment: bool) -> str:
        if is_comment:
            return f"RC_{self._month}.{'ndjson' if self._month == _UNPACKED_MONTH else 'zst'}"
        return f"RS_{self._month}.zst"

    def _append(self, name: str, lines: bytes) -> None:
        if name not in self._streams:
            self._streams[name] = self._inbox.stream(_PLATFORM, name)
        self._streams[name].write(lines + b"\n")

    def _payloads(self, filed: Filed) -> dict[bool, list[Payload]]:
        """The day's comments and submissions."""
        posts, names = filed.posts, self._names
        threads = self._threads.of(posts)
        ids = spelled_all(posts.number + _FIRST_POST, BASE36, 7)
        parents = spelled_all(posts.parent + _FIRST_POST, BASE36, 7)
        roots = spelled_all(np.array([thread.root for thread in threads], np.int64) + _FIRST_POST, BASE36, 7)
        likes, comments, shares = counters(posts, filed.observed_second)
        rows = zip(
            posts.number.tolist(), posts.account.tolist(), posts.kind.tolist(), posts.niche.tolist(), posts.parent.tolist(),
            posts.credit.tolist(), (posts.stated_second + START_SECONDS).tolist(), (filed.observed_second + START_SECONDS).tolist(),
            filed.version.tolist(), names.tags(posts), worded(names.sentences(posts), filed.version), ids, parents, roots, threads,
            likes, comments, shares, strict=True,
        )  # fmt: skip
        handles, found = names.handles, {True: list[Payload](), False: list[Payload]()}
        ratio = "upvoteRatio" if filed.is_drifted else "upvote_ratio"
        for (
            _, account, kind, niche, parent, credit, seconds, read_at, version, tags, sentence, own, above, root, thread, score,
            comment_count, crosspost_count,
        ) in rows:  # fmt: skip
            is_named = credit in self._fullnames  # an account of this platform
            words = sentence.replace(f"@{handles[credit]}", f"u/{handles[credit]}") if is_named else sentence
            text = " ".join([words, *[f"#{tag}" for tag in tags]])
            community, is_comment = self._communities[niche], kind == REPLY
            payload: Payload = {
                "author": handles[account], "author_flair_text": None, "author_fullname": f"t2_{self._fullnames[account]}", "created_utc": seconds,
                "distinguished": None, "edited": read_at if version else False, "id": own, "retrieved_on": read_at, "score": score, "stickied": False,
                "subreddit": community, "subreddit_type": "public",
            }  # fmt: skip
            if is_comment:
                payload |= {
                    "body": text, "controversiality": 0, "gilded": 0, "is_submitter": False, "link_id": f"t3_{root}", "name": f"t1_{own}",
                    "parent_id": f"t3_{root}" if parent == thread.root else f"t1_{above}", "permalink": f"/r/{community}/comments/{root}/_/{own}/",
                }  # fmt: skip
            else:
                place = f"/r/{community}/comments/{own}/_/"
                payload |= {
                    "domain": f"self.{community}", "is_self": True, "is_video": False, "name": f"t3_{own}", "num_comments": comment_count,
                    "num_crossposts": crosspost_count, "over_18": False, "permalink": place, "selftext": text, "title": words, ratio: 0.93,
                    "url": f"https://www.reddit.com{place}",
                }  # fmt: skip
                if kind == REPOST and parent != NOBODY and not self._threads.is_reply(parent):  # comments cannot be crossposted
                    payload |= {"crosspost_parent": f"t3_{above}", "selftext": ""}
            if filed.is_drifted:
                payload["translated_language"] = None
            found[is_comment].append(payload)
        return found

    def _write_deleted(self, filed: Filed) -> None:
        """What was looked at once more and is gone; the archive keeps the place of a text and of an author, and a title."""
        posts = filed.deleted
        read_at = (filed.day + 1) * DAY - 1 + START_SECONDS
        threads = self._threads.recalled(posts)
        texts = self._names.sentences(posts)
        rows = zip(
            posts.number.tolist(), posts.kind.tolist(), posts.niche.tolist(), posts.parent.tolist(),
            (posts.stated_second + START_SECONDS).tolist(), texts, threads, strict=True,
        )  # fmt: skip
        for number, kind, niche, parent, seconds, title, thread in rows:
            own, community = spelled(_FIRST_POST + number, BASE36, 7), self._communities[niche]
            payload: Payload = {
                "author": "[deleted]", "created_utc": seconds, "edited": False, "id": own, "retrieved_on": read_at, "score": 1, "subreddit": community,
            }  # fmt: skip
            if kind == REPLY:
                link, above = (spelled(_FIRST_POST + other, BASE36, 7) for other in (thread.root, parent))
                parent_id = f"t3_{link}" if parent == thread.root else f"t1_{above}"
                payload |= {"body": "[deleted]", "link_id": f"t3_{link}", "name": f"t1_{own}", "parent_id": parent_id}
            else:
                payload |= {
                    "is_self": True, "name": f"t3_{own}", "removed_by_category": "deleted", "selftext": "[deleted]", "title": title,
                    "permalink": f"/r/{community}/comments/{own}/_/", "url": f"https://www.reddit.com/r/{community}/comments/{own}/_/",
                }  # fmt: skip
                if kind == REPOST and parent != NOBODY and not self._threads.is_reply(parent):
                    payload["crosspost_parent"] = f"t3_{spelled(_FIRST_POST + parent, BASE36, 7)}"
            self._append(f"{'RC' if kind == REPLY else 'RS'}_recheck_{self._month}.ndjson", line(payload))
