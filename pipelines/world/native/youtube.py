"""YouTube as its Data API answers in an invented world, once a week: videos, comment threads, replies, and channels. No draws."""

from __future__ import annotations

from typing import Final

import msgspec
import numpy as np

from pipelines.world.drawn import LANGUAGES, NOBODY, PLATFORM_LABEL, PLATFORMS, POST, REPLY, Ints, day_of
from pipelines.world.native.columns import Threads, counters, hashed_all, iso_all, worded
from pipelines.world.native.files import BASE64, Filed, Inbox, Payload, PlatformWriter, opened, text_id
from pipelines.world.native.names import Names
from pipelines.world.native.weekly import WeeklyWriter, write_list

STATES_DELETIONS: Final = False
_PLATFORM: Final = "youtube"
_LONGEST_TITLE: Final = 100
_SHOWN_DIGITS: Final = 3  # subscribers are shown rounded down to so many
_POWERS: Final = 10 ** np.arange(12, dtype=np.int64)
_encode: Final = msgspec.json.Encoder().encode
_KINDS: Final = {"videos": "video", "commentThreads": "commentThread", "comments": "comment"}


def open_writer(inbox: Inbox, names: Names) -> PlatformWriter:
    """A writer of YouTube's files."""
    return _Writer(inbox, names)


def account_id(names: Names, account: int) -> str:
    """The channel's id."""
    return "UC" + text_id(BASE64, 22, names.seed, "channel", account)


def post_id(names: Names, number: int, account: int, second: int, kind: int = POST) -> str:  # noqa: ARG001 - of every platform
    """The id of a comment for replies, of a video for all else."""
    return (_comment_ids if kind == REPLY else _video_ids)(names, np.array([number], np.int64))[0]


def _video_ids(names: Names, numbers: Ints) -> list[str]:
    return hashed_all(names.seed, "video", numbers, BASE64, 11)


def _comment_ids(names: Names, numbers: Ints) -> list[str]:
    return [f"Ug{digest}" for digest in hashed_all(names.seed, "comment", numbers, BASE64, 24)]


def _rounded_down(counts: Ints) -> Ints:
    """Counts as they are shown, by their first digits."""
    digit_counts = np.searchsorted(_POWERS, counts, side="right")
    unit: Ints = _POWERS[np.maximum(digit_counts - _SHOWN_DIGITS, 0)]
    return counts // unit * unit


class _Writer(WeeklyWriter):
    def __init__(self, inbox: Inbox, names: Names) -> None:
        super().__init__(inbox, names)
        own = opened(names, PLATFORMS.index(_PLATFORM)).tolist()
        self._channels = {account: account_id(names, account) for account in own}
        self._titles = {account: names.display_name(account) for account in own}
        self._threads = Threads()
        self._parts: dict[str, list[bytes]] = {name: [] for name in _KINDS}
        self._counts = dict.fromkeys(_KINDS, 0)
        self._sample: Payload | None = None  # for the faults

    def write_profiles(self, day: int, accounts: Ints) -> None:
        """Channels."""
        names, parts = self._names, []
        subscribers = _rounded_down(names.accounts.followers(accounts, float(day))).tolist()
        rows = zip(accounts.tolist(), subscribers, names.accounts.opened_day[accounts].tolist(), strict=True)
        for account, subscriber_count, opened_day in rows:
            parts.append(_encode({
                "kind": "youtube#channel", "etag": f"c{account}-{day}", "id": self._channels[account],
                "snippet": {
                    "title": self._titles[account], "description": names.biography(account), "customUrl": f"@{names.handles[account]}",
                    "publishedAt": f"{day_of(opened_day).isoformat() if opened_day else '2021-05-01'}T09:00:00Z", "country": "GB",
                },
                "statistics": {
                    "viewCount": str(9_000 + account * 31 + day * 100), "subscriberCount": str(subscriber_count), "hiddenSubscriberCount": False,
                    "videoCount": str(12 + day),
                },
            }))  # fmt: skip
        self._write_page(f"channels-{day_of(day).isoformat()}.json", "channel", parts, len(parts))

    def gather(self, filed: Filed) -> None:
        """Keep a day's videos and comments."""
        for name, items in self._items(filed).items():
            if items:
                self._parts[name].append(b",\n".join(map(_encode, items)))
                self._counts[name] += len(items)

    def hand_over(self, day: int, *, is_last: bool) -> None:
        """The pages of a week."""
        stamp = day_of(day).isoformat()
        if is_last and self._sample is not None:
            spoilt = self._inbox.spoil(_PLATFORM, f"videos-{stamp}.json", self._sample)
            self._parts["videos"] += map(_encode, spoilt)
            self._counts["videos"] += len(spoilt)
        for name, kind in _KINDS.items():
            if self._parts[name]:
                self._write_page(f"{name}-{stamp}.json", kind, self._parts[name], self._counts[name])
            self._parts[name], self._counts[name] = [], 0

    def _write_page(self, name: str, kind: str, parts: list[bytes], count: int) -> None:
        page = {"kind": f"youtube#{kind}ListResponse", "etag": name, "pageInfo": {"totalResults": count, "resultsPerPage": count}}
        write_list(self._inbox, _PLATFORM, name, _encode(page)[:-1] + b',"items":[\n', parts, b"\n]}\n")

    def _items(self, filed: Filed) -> dict[str, list[Payload]]:
        posts, names, channels = filed.posts, self._names, self._channels
        threads = self._threads.of(posts)
        roots, comments_above = (
            np.array(numbers, np.int64) for numbers in ([t.root for t in threads], [t.comment for t in threads])
        )
        likes, comments, _ = counters(posts, filed.observed_second)
        rows = zip(
            posts.number.tolist(), posts.account.tolist(), posts.kind.tolist(), posts.parent.tolist(), posts.parent_account.tolist(),
            posts.language.tolist(), (posts.disclosure == PLATFORM_LABEL).tolist(), filed.version.tolist(),
            iso_all(posts.stated_second, posts.number), iso_all(filed.observed_second, posts.number), names.tags(posts),
            worded(names.sentences(posts), filed.version), _video_ids(names, posts.number), _comment_ids(names, posts.number),
            _video_ids(names, roots), _comment_ids(names, comments_above), threads, likes, comments, strict=True,
        )  # fmt: skip
        found: dict[str, list[Payload]] = {name: [] for name in _KINDS}
        duration = "durationIso" if filed.is_drifted else "duration"
        for (
            number, account, kind, parent, above, language, is_paid, version, published_at, read_at, tags, words, video_id, comment_id,
            root_id, thread_id, thread, like_count, comment_count,
        ) in rows:  # fmt: skip
            channel, text = channels[account], " #".join([words, *tags])
            if kind == REPLY:
                is_top, handle = parent == thread.root, names.handles[account]
                said = text if is_top else f"@{names.handles[above]} {text}"
                owner = {"channelId": channels[thread.root_account]} if thread.root_account in channels else {}
                snippet: Payload = owner | {
                    "textDisplay": said, "textOriginal": said, "authorDisplayName": f"@{handle}", "canRate": True, "viewerRating": "none",
                    "authorChannelUrl": f"http://www.youtube.com/channel/{channel}", "authorChannelId": {"value": channel}, "likeCount": like_count,
                    "publishedAt": published_at, "updatedAt": read_at if version else published_at,
                }  # fmt: skip
                snippet |= {"videoId": root_id} if is_top else {"parentId": thread_id}
                comment: Payload = {"kind": "youtube#comment", "etag": comment_id[2:10], "id": comment_id, "snippet": snippet}
                if not is_top:
                    found["comments"].append(comment)
                    continue
                found["commentThreads"].append({
                    "kind": "youtube#commentThread", "etag": comment_id[2:10], "id": comment_id,
                    "snippet": owner | {
                        "videoId": root_id, "topLevelComment": comment, "canReply": True, "totalReplyCount": comment_count, "isPublic": True,
                    },
                })  # fmt: skip
                continue
            video: Payload = {
                "kind": "youtube#video", "etag": video_id, "id": video_id,
                "snippet": {
                    "publishedAt": published_at, "channelId": channel, "title": words[:_LONGEST_TITLE],
                    "description": text if above == NOBODY else f"{text} @{names.handles[above]}", "channelTitle": self._titles[account],
                    "tags": tags, "categoryId": "26", "liveBroadcastContent": "none", "defaultAudioLanguage": LANGUAGES[language],
                },
                "contentDetails": {duration: f"PT{2 + number % 14}M{number % 60}S", "dimension": "2d", "definition": "hd", "caption": "false"},
                "statistics": {"viewCount": str(like_count * 22), "likeCount": str(like_count), "commentCount": str(comment_count)},
                "paidProductPlacementDetails": {"hasPaidProductPlacement": is_paid},
            }  # fmt: skip
            if filed.is_drifted:
                video["recordingDetails"] = {}
            if self._sample is None:
                self._sample = video
            found["videos"].append(video)
        return found
