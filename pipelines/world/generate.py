"""Writes an invented world to disk: native files below ``inbox``, what is true below ``truth``. Draws only interactions and faults."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any, Final
from xml.sax.saxutils import escape

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import zstandard

from pipelines.world import faults, model
from pipelines.world.model import (
    DAY,
    DAY_COUNT,
    PLATFORMS,
    SNAPSHOT_DAYS,
    START,
    START_SECONDS,
    World,
    day_of,
    draw_world,
    generator,
)
from pipelines.world.native import OUTLETS, Payload, Writer, peers_of

# Files get one modification time, so that formats whose names carry no day are observed at the same moment everywhere.
_WRITTEN_AT: Final = int(datetime(2026, 10, 1, tzinfo=UTC).timestamp())
_WINDOW_LOG: Final = 28  # beyond the 2**27 that zstd readers accept by default, as the real dumps are
_WEEK: Final = 7
_INSTANT: Final = pa.timestamp("us", tz="UTC")
_SEPTEMBER: Final = 31


@dataclass(frozen=True, slots=True)
class WorldSummary:
    """What was written."""

    world: str
    size: str
    seed: int
    account_count: int
    post_count: int
    trend_count: int
    adoption_count: int
    file_count: int
    byte_count: int


@dataclass(frozen=True, slots=True)
class _Fault:
    platform: str
    file: str
    kind: str
    expected_code: str | None
    detail: str | None


class _Inbox:
    """The folder being filled, and the faults put into it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.faults: list[_Fault] = []

    def write(self, platform: str, name: str, content: bytes) -> None:
        path = self.root / platform / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    def plant(self, platform: str, file: str, kind: str, expected_code: str | None, detail: str | None = None) -> None:
        self.faults.append(_Fault(platform, file, kind, expected_code, detail))

    def spoil(self, platform: str, file: str, good: Payload) -> list[Payload]:
        """Spoilt copies of a record, noted as faults of the file."""
        spoilt = faults.bad_values(platform, good)
        for code, _ in spoilt:
            self.plant(platform, file, "bad_record", code)
        return [value for _, value in spoilt]

    def spoil_lines(self, platform: str, file: str, good: Payload) -> list[bytes]:
        """Spoilt lines, noted as faults of the file."""
        spoilt = faults.bad_lines(platform, good)
        for code, _ in spoilt:
            self.plant(platform, file, "bad_record", code)
        return [line for _, line in spoilt]


def write_world(out: Path, world: str, size: str, seed: int) -> WorldSummary:
    """Write a world's native files and its truth.

    Args:
        out: folder; ``out/inbox`` and ``out/truth`` are replaced.
        world: one of ``model.WORLDS``.
        size: one of ``model.SIZES``.
        seed: non-negative; the same (world, size, seed) gives the same bytes.

    Returns:
        Counts of what was written.

    Raises:
        ValueError: unknown world or size.
    """
    drawn = draw_world(world, size, seed)
    for folder in (out / "inbox", out / "truth"):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    inbox = _Inbox(out / "inbox")
    writer = Writer(drawn, peers_of(drawn))
    by_platform = _posts_in_time_order(drawn)
    _write_reddit(inbox, writer, by_platform["reddit"])
    _write_bluesky(inbox, writer, by_platform["bluesky"])
    _write_mastodon(inbox, writer, by_platform["mastodon"])
    _write_youtube(inbox, writer, by_platform["youtube"])
    _write_tiktok(inbox, writer, by_platform["tiktok"])
    _write_instagram(inbox, writer, by_platform["instagram"])
    _write_feeds(inbox, drawn)
    _write_trends(inbox, drawn)
    files = sorted(path for path in inbox.root.rglob("*") if path.is_file())
    for path in files:
        os.utime(path, (_WRITTEN_AT, _WRITTEN_AT))
    summary = WorldSummary(
        world, size, seed, drawn.accounts.count, len(drawn.posts.account), len(drawn.trends),
        sum(adoption.post >= 0 for adoption in drawn.adoptions), len(files), sum(path.stat().st_size for path in files),
    )  # fmt: skip
    _write_truth(out / "truth", writer, inbox.faults, summary)
    return summary


def _posts_in_time_order(world: World) -> dict[str, list[int]]:
    platform = world.accounts.platform[world.posts.account]
    order = np.argsort(world.posts.seconds, kind="stable")
    return {name: order[platform[order] == number].tolist() for number, name in enumerate(PLATFORMS)}


def _line(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _document(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1).encode()


def _gzipped(content: bytes) -> bytes:
    return gzip.compress(content, compresslevel=6, mtime=0)


def _zst(lines: Iterable[bytes]) -> bytes:
    """A frame without its size in the header, whose window is therefore declared whole, as ``zstd --long`` does on a stream."""
    parameters = zstandard.ZstdCompressionParameters.from_level(3, window_log=_WINDOW_LOG, write_checksum=1)
    compressor = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    parts = [compressor.compress(line + b"\n") for line in lines]
    return b"".join([*parts, compressor.flush()])


def _in_days(writer: Writer, posts: Sequence[int], first: int, last: int) -> list[int]:
    """Posts of days first..last, both included."""
    seconds = writer.world.posts.seconds
    return [post for post in posts if first * DAY <= seconds[post] < (last + 1) * DAY]


def _weeks() -> list[tuple[int, int]]:
    return [(first, min(first + _WEEK, DAY_COUNT) - 1) for first in range(0, DAY_COUNT, _WEEK)]


def _accounts_on(writer: Writer, platform: str) -> list[int]:
    return np.flatnonzero(writer.world.accounts.platform == PLATFORMS.index(platform)).tolist()


def _write_reddit(inbox: _Inbox, writer: Writer, posts: list[int]) -> None:
    for month, first, last in (("2026-08", 0, _SEPTEMBER - 1), ("2026-09", _SEPTEMBER, DAY_COUNT - 1)):
        month_posts = _in_days(writer, posts, first, last)
        for prefix, is_comment in (("RS", False), ("RC", True)):
            chosen = [post for post in month_posts if (writer.parent(post) >= 0) == is_comment]
            lines = [_line(writer.reddit(post)) for post in chosen]
            if (prefix, month) == ("RC", "2026-09"):
                # The one month that was delivered unpacked.
                lines[len(lines) // 2 : len(lines) // 2] = inbox.spoil_lines(
                    "reddit", "RC_2026-09.ndjson", writer.reddit(chosen[0])
                )
                inbox.write("reddit", "RC_2026-09.ndjson", b"\n".join(lines) + b"\n")
            else:
                inbox.write("reddit", f"{prefix}_{month}.zst", _zst(lines))
    # A later delivery in which one comment was removed by its author.
    victim = next(post for post in posts if writer.parent(post) >= 0 and not writer.world.trend_tags.get(post))
    removed = {**writer.reddit(victim), "author": "[deleted]", "body": "[deleted]", "retrieved_on": _WRITTEN_AT}
    inbox.write("reddit", "RC_recheck_2026-09-30.ndjson", _line(removed) + b"\n")
    inbox.plant("reddit", "RC_recheck_2026-09-30.ndjson", "deleted_post", None, f"t1_{writer.reddit_id(victim)}")


def _bluesky_extras(writer: Writer, posts: list[int]) -> list[tuple[int, Payload]]:
    """Likes, reposts and follows, mostly inside the niche; (second of the calendar, event)."""
    world = writer.world
    rng = generator(world.name, world.size, world.seed, "bluesky extras")
    niche = world.accounts.niche
    number = PLATFORMS.index("bluesky")
    everyone = _accounts_on(writer, "bluesky")
    events: list[tuple[int, Payload]] = []
    serial = 1_000_000
    for post in posts:
        author = writer.account_of(post)
        for _ in range(int(rng.poisson(1.0))):
            group = writer.peers[number, int(niche[author])] if rng.random() < 5 / 6 else everyone
            actor = group[int(rng.integers(len(group)))]
            second = int(world.posts.seconds[post]) + int(rng.exponential(4 * 3600)) + 30
            kind = ("like", "like", "like", "repost", "follow")[int(rng.integers(5))]
            if actor == author or second >= DAY_COUNT * DAY or second // DAY == model.OUTAGE_DAY:
                continue
            serial += 1
            unix = START_SECONDS + second
            created = (START + timedelta(seconds=second)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
            subject: Any = writer.native_account(author) if kind == "follow" else writer.reference(post)
            collection = f"app.bsky.{'graph' if kind == 'follow' else 'feed'}.{kind}"
            events.append((second, writer.commit(actor, unix, serial, collection, {"createdAt": created, "subject": subject})))
    return events


def _bluesky_deletions(inbox: _Inbox, writer: Writer, posts: list[int]) -> list[tuple[int, Payload]]:
    """Deletes of posts without planted tags, one identity and one account event."""
    world, events = writer.world, []
    last_day = DAY_COUNT - 1
    plain = [post for post in posts if not world.trend_tags.get(post) and world.posts.seconds[post] < 50 * DAY]
    for position, post in enumerate(plain[:: max(len(plain) // 12, 1)][:12]):
        second = last_day * DAY + 600 * (position + 1)
        uri = writer.at_uri(post)
        commit = {"rev": writer.record_key(position, START_SECONDS + second), "operation": "delete", "collection": "app.bsky.feed.post", "rkey": uri.rsplit("/", 1)[1]}  # fmt: skip
        events.append((second, {"did": writer.native_account(writer.account_of(post)), "time_us": (START_SECONDS + second) * 1_000_000, "kind": "commit", "commit": commit}))  # fmt: skip
        inbox.plant("bluesky", f"jetstream-{day_of(last_day).isoformat()}.jsonl.gz", "deleted_post", None, uri)
    adopters = {adoption.account for adoption in world.adoptions}
    leaver = next((a for a in _accounts_on(writer, "bluesky") if a not in adopters), _accounts_on(writer, "bluesky")[0])
    second, did = last_day * DAY + 20_000, writer.native_account(leaver)
    stamp = {"did": did, "seq": 31_527_015_470, "time": (START + timedelta(seconds=second)).strftime("%Y-%m-%dT%H:%M:%S.000Z")}
    time_us = (START_SECONDS + second) * 1_000_000
    events.append(
        (
            second,
            {
                "did": did,
                "time_us": time_us,
                "kind": "identity",
                "identity": {**stamp, "handle": f"{writer.handle(leaver)}.bsky.social"},
            },
        )
    )
    events.append(
        (
            second + 1,
            {
                "did": did,
                "time_us": time_us + 1_000_000,
                "kind": "account",
                "account": {**stamp, "active": False, "status": "deleted"},
            },
        )
    )
    inbox.plant("bluesky", f"jetstream-{day_of(last_day).isoformat()}.jsonl.gz", "deleted_account", None, did)
    return events


def _write_bluesky(inbox: _Inbox, writer: Writer, posts: list[int]) -> None:
    extras: dict[int, list[tuple[int, Payload]]] = {}
    for second, event in [*_bluesky_extras(writer, posts), *_bluesky_deletions(inbox, writer, posts)]:
        extras.setdefault(second // DAY, []).append((second, event))
    by_day: dict[int, list[int]] = {}
    for post in posts:
        by_day.setdefault(int(writer.world.posts.seconds[post]) // DAY, []).append(post)
    for day in range(DAY_COUNT):
        if day == model.OUTAGE_DAY:
            inbox.plant("bluesky", f"jetstream-{day_of(day).isoformat()}.jsonl.gz", "outage", None, day_of(day).isoformat())
            continue
        name = f"jetstream-{day_of(day).isoformat()}.jsonl.gz"
        timed = [(int(writer.world.posts.seconds[post]), writer.bluesky(post)) for post in by_day.get(day, [])]
        timed = sorted([*timed, *extras.get(day, [])], key=lambda pair: pair[0])
        lines = [_line(event) for _, event in timed]
        if day == DAY_COUNT - 1:
            lines += inbox.spoil_lines("bluesky", name, writer.bluesky(by_day[day][0]))
        inbox.write("bluesky", name, _gzipped(b"\n".join(lines) + b"\n"))
    for day in SNAPSHOT_DAYS:
        profiles = [writer.bluesky_profile(account, day) for account in _accounts_on(writer, "bluesky")]
        inbox.write("bluesky", f"getProfiles-{day_of(day).isoformat()}.json", _document({"profiles": profiles}))


def _write_mastodon(inbox: _Inbox, writer: Writer, posts: list[int]) -> None:
    by_day: dict[int, list[int]] = {}
    for post in posts:
        by_day.setdefault(int(writer.world.posts.seconds[post]) // DAY, []).append(post)
    for day in range(DAY_COUNT):
        name = f"statuses-{day_of(day).isoformat()}.json"
        # A timeline page is newest first.
        statuses = [writer.mastodon(post) for post in reversed(by_day.get(day, []))]
        if day == DAY_COUNT - 1:
            statuses += inbox.spoil("mastodon", name, statuses[0])
        inbox.write("mastodon", name, _document(statuses))
    for day in SNAPSHOT_DAYS:
        accounts = [writer.mastodon_account(account, day) for account in _accounts_on(writer, "mastodon")]
        inbox.write("mastodon", f"accounts-{day_of(day).isoformat()}.json", _document(accounts))
    inbox.write("mastodon", "statuses-cut-2026-09-30.json", _document([writer.mastodon(posts[0])])[:400])
    inbox.plant("mastodon", "statuses-cut-2026-09-30.json", "broken_file", "broken_json")


def _youtube_page(kind: str, items: list[Payload]) -> bytes:
    return _document(
        {
            "kind": f"youtube#{kind}ListResponse",
            "etag": "w0rld",
            "pageInfo": {"totalResults": len(items), "resultsPerPage": len(items)},
            "items": items,
        }
    )


def _write_youtube(inbox: _Inbox, writer: Writer, posts: list[int]) -> None:
    for first, last in _weeks():
        stamp, week = day_of(last).isoformat(), _in_days(writer, posts, first, last)
        videos = [writer.youtube(post) for post in week if writer.parent(post) < 0]
        if last == DAY_COUNT - 1:
            videos += inbox.spoil("youtube", f"videos-{stamp}.json", videos[0])
        inbox.write("youtube", f"videos-{stamp}.json", _youtube_page("video", videos))
        threads = [writer.youtube(post) for post in week if writer.parent(post) >= 0]
        inbox.write("youtube", f"commentThreads-{stamp}.json", _youtube_page("commentThread", threads))
    for day in SNAPSHOT_DAYS:
        channels = [writer.youtube_channel(account, day) for account in _accounts_on(writer, "youtube")]
        inbox.write("youtube", f"channels-{day_of(day).isoformat()}.json", _youtube_page("channel", channels))


def _write_tiktok(inbox: _Inbox, writer: Writer, posts: list[int]) -> None:
    for first, last in _weeks():
        stamp, week = day_of(last).isoformat(), _in_days(writer, posts, first, last)
        if last >= _SEPTEMBER:
            name = f"items-{stamp}.json"
            items = [writer.tiktok_item(post) for post in week]
            if last == DAY_COUNT - 1:
                items += inbox.spoil("tiktok", name, items[0])
            inbox.write("tiktok", name, _document(items))
            continue
        name = f"dataset_tiktok-scraper_{stamp}.csv"
        rows = [writer.tiktok_row(post) for post in week]
        if first == 0:
            rows += inbox.spoil("tiktok", name, rows[0])
        text = io.StringIO()
        table = csv.DictWriter(text, list(rows[0]), quoting=csv.QUOTE_ALL, lineterminator="\n")
        table.writeheader()
        table.writerows(rows)
        content = text.getvalue().encode("utf-8-sig")  # the real exports start with a byte order mark
        inbox.write("tiktok", name, content)
        if first == _WEEK:
            copy = f"dataset_tiktok-scraper_{stamp}-copy.csv"
            inbox.write("tiktok", copy, content)
            inbox.plant("tiktok", copy, "duplicate_file", "already_ingested", name)


def _write_instagram(inbox: _Inbox, writer: Writer, posts: list[int]) -> None:
    for first, last in _weeks():
        name = f"dataset_instagram-post-scraper_{day_of(last).isoformat()}.json"
        items = [writer.instagram(post) for post in _in_days(writer, posts, first, last)]
        if last == DAY_COUNT - 1:
            items += inbox.spoil("instagram", name, items[0])
        inbox.write("instagram", name, _document(items))
    for day in SNAPSHOT_DAYS:
        profiles = [writer.instagram_profile(account, day) for account in _accounts_on(writer, "instagram")]
        inbox.write("instagram", f"dataset_instagram-profile-scraper_{day_of(day).isoformat()}.json", _document(profiles))
    inbox.write("instagram", "notes.pdf", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<< /Type /Catalog >>\nendobj\n%%EOF\n")
    inbox.plant("instagram", "notes.pdf", "unknown_file", "unknown_format")


@dataclass(frozen=True, slots=True)
class _Item:
    second: int
    title: str
    link: str
    category: str


def _outlet_items(world: World) -> dict[int, list[_Item]]:
    rng = generator(world.name, world.size, world.seed, "feeds")
    items: dict[int, list[_Item]] = {}
    subjects = ("council budget", "train timetable", "harvest season", "museum opening", "weather outlook", "local elections")
    patterns: tuple[Callable[[str], str], ...] = (
        lambda words: f"Why everyone is talking about {words}", lambda words: f"{words.title()}: a short guide", lambda words: f"The rise of {words}",
    )  # fmt: skip
    for outlet in range(len(OUTLETS)):
        host = f"https://{OUTLETS[outlet].lower().replace(' ', '-')}.example"
        for number in range(int(rng.poisson(1.2 * DAY_COUNT))):
            subject = subjects[int(rng.integers(len(subjects)))]
            second = int(rng.integers(DAY_COUNT)) * DAY + int(rng.integers(6 * 3600, 20 * 3600))
            items.setdefault(outlet, []).append(_Item(second, f"More on the {subject}", f"{host}/news/{number}", "News"))
    for trend in world.trends:
        for outlet, second in trend.media:
            host = f"https://{OUTLETS[outlet].lower().replace(' ', '-')}.example"
            title = patterns[int(rng.integers(len(patterns)))](trend.words)
            items.setdefault(outlet, []).append(_Item(second, title, f"{host}/style/{trend.tag}", trend.words.title()))
    return {outlet: sorted(found, key=lambda item: (item.second, item.link)) for outlet, found in sorted(items.items())}


def _rss(name: str, items: list[_Item], *, is_atom: bool) -> bytes:
    host = f"https://{name.lower().replace(' ', '-')}.example"
    parts = []
    for item in items:
        moment = START + timedelta(seconds=item.second)
        if is_atom:
            stamp = moment.strftime("%Y-%m-%dT%H:%M:%SZ")
            parts.append(
                f'<entry><id>{item.link}</id><title>{escape(item.title)}</title><link href="{item.link}"/><category term="{escape(item.category)}"/>'
                f"<published>{stamp}</published><updated>{stamp}</updated><summary>{escape(item.title)}.</summary></entry>"
            )
        else:
            parts.append(
                f'<item><title>{escape(item.title)}</title><link>{item.link}</link><guid isPermaLink="true">{item.link}</guid>'
                f"<category>{escape(item.category)}</category><pubDate>{format_datetime(moment)}</pubDate><description>{escape(item.title)}.</description></item>"
            )
    body = "\n".join(parts)
    head = '<?xml version="1.0" encoding="UTF-8"?>\n'
    if is_atom:
        updated = (
            (START + timedelta(seconds=items[-1].second)).strftime("%Y-%m-%dT%H:%M:%SZ") if items else "2026-08-01T00:00:00Z"
        )
        text = f'{head}<feed xmlns="http://www.w3.org/2005/Atom"><id>{host}/</id><title>{escape(name)}</title><link href="{host}/"/><updated>{updated}</updated>\n{body}\n</feed>\n'
    else:
        text = f'{head}<rss version="2.0"><channel><title>{escape(name)}</title><link>{host}/</link><description>{escape(name)}</description><language>en</language>\n{body}\n</channel></rss>\n'
    return text.encode()


def _write_feeds(inbox: _Inbox, world: World) -> None:
    for outlet, items in _outlet_items(world).items():
        name = OUTLETS[outlet]
        for first, last in ((0, 15), (16, 30), (31, 45), (46, 60)):
            chosen = [item for item in items if first <= item.second // DAY <= last]
            file = f"{name.lower().replace(' ', '-')}-{day_of(last).isoformat()}.{'atom' if outlet % 3 == 2 else 'rss'}.xml"
            inbox.write("feeds", file, _rss(name, chosen, is_atom=outlet % 3 == 2))
    inbox.write(
        "feeds",
        "broken-gazette-2026-09-30.rss.xml",
        b'<?xml version="1.0"?>\n<rss version="2.0"><channel><title>Broken Gazette</title><item><title>Cut',
    )
    inbox.plant("feeds", "broken-gazette-2026-09-30.rss.xml", "broken_file", "broken_xml")


def _write_trends(inbox: _Inbox, world: World) -> None:
    """Weekly search interest: follows the adopters with a delay of about a week; a faint base line before."""
    rng = generator(world.name, world.size, world.seed, "trends")
    starts = list(range(1, DAY_COUNT, _WEEK))  # Sundays
    columns: list[list[int]] = []
    for number in range(len(world.trends)):
        shown = np.array(
            [world.posts.seconds[a.post] for a in world.adoptions if a.trend == number and a.post >= 0], dtype=np.int64
        )
        raw = np.array([np.count_nonzero((shown >= (d - _WEEK) * DAY) & (shown < d * DAY)) for d in starts], dtype=np.float64)
        noisy = raw + rng.exponential(0.5, len(raw))
        columns.append((100 * noisy / noisy.max()).round().astype(int).tolist())
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["date", *(trend.words for trend in world.trends)])
    for row, day in enumerate(starts):
        table.writerow([day_of(day).isoformat(), *(column[row] for column in columns)])
    table.writerow(["not a date", *(0 for _ in columns)])
    inbox.write("trends", "interest-weekly-2026-09-30.csv", text.getvalue().encode())
    inbox.plant("trends", "interest-weekly-2026-09-30.csv", "bad_record", "wrong_type")


def _moment(second: int) -> datetime:
    return START + timedelta(seconds=second)


def _write_truth(folder: Path, writer: Writer, planted: list[_Fault], summary: WorldSummary) -> None:
    world = writer.world
    accounts, posts = world.accounts, world.posts
    numbers = range(accounts.count)
    niches = tuple(model.NICHES)
    shown = [adoption for adoption in world.adoptions if adoption.post >= 0]
    by_tier: list[dict[str, int]] = [dict.fromkeys((*model.TIERS, "unknown"), 0) for _ in world.trends]
    for adoption in shown:
        tier = accounts.tier(adoption.account, int(posts.seconds[adoption.post]) / DAY)
        by_tier[adoption.trend][tier or "unknown"] += 1
    offered = [accounts.followers_start[a] > 0 for a in numbers]
    tables = {
        "accounts": pa.table({
            "platform": [writer.platform(a) for a in numbers], "native_id": [writer.native_account(a) for a in numbers],
            "handle": [writer.handle(a) for a in numbers], "person": pa.array(accounts.person), "niche": [niches[n] for n in accounts.niche.tolist()],
            "tier_start": pa.array([accounts.tier(a, 0) for a in numbers], pa.string()), "tier_end": pa.array([accounts.tier(a, DAY_COUNT) for a in numbers], pa.string()),
            "followers_start": pa.array([accounts.followers(a, 0) if offered[a] else None for a in numbers], pa.int64()),
            "followers_end": pa.array([accounts.followers(a, DAY_COUNT) if offered[a] else None for a in numbers], pa.int64()),
            "daily_rate": pa.array(accounts.daily_rate), "post_count": pa.array(np.diff(posts.first_of_account)),
        }),
        "trends": pa.table({
            "tag": [t.tag for t in world.trends], "words": [t.words for t in world.trends], "true_class": [t.true_class for t in world.trends],
            "niche": [niches[t.niche] for t in world.trends], "born_at": pa.array([_moment(t.born_seconds) for t in world.trends], _INSTANT),
            **{f"{tier}_adopter_count": pa.array([counts[tier] for counts in by_tier], pa.int64()) for tier in (*model.TIERS, "unknown")},
            "media_item_count": pa.array([len(t.media) for t in world.trends], pa.int64()),
            "first_media_at": pa.array([_moment(min(s for _, s in t.media)) if t.media else None for t in world.trends], _INSTANT),
        }),
        "adoptions": pa.table({
            "tag": [world.trends[a.trend].tag for a in world.adoptions], "platform": [writer.platform(a.account) for a in world.adoptions],
            "native_id": [writer.native_account(a.account) for a in world.adoptions],
            "tier": pa.array([accounts.tier(a.account, min(a.exposed_seconds / DAY, DAY_COUNT)) for a in world.adoptions], pa.string()),
            "exposed_at": pa.array([_moment(a.exposed_seconds) for a in world.adoptions], _INSTANT),
            "adopted_at": pa.array([_moment(int(posts.seconds[a.post])) if a.post >= 0 else None for a in world.adoptions], _INSTANT),
        }),
        "posts_count": _posts_count(world),
        "planted_faults": pa.Table.from_pylist([asdict(fault) for fault in planted], pa.schema([(n, pa.string()) for n in ("platform", "file", "kind", "expected_code", "detail")])),
    }  # fmt: skip
    for name, table in tables.items():
        pq.write_table(table, folder / f"{name}.parquet", compression="zstd")
    (folder / "world.json").write_text(json.dumps({"name": summary.world, **asdict(summary)}, indent=1, sort_keys=True) + "\n")


def _posts_count(world: World) -> pa.Table:
    platform = world.accounts.platform[world.posts.account]
    counts = np.bincount(platform * DAY_COUNT + world.posts.seconds // DAY, minlength=len(PLATFORMS) * DAY_COUNT)
    cells = [(p, d) for p in range(len(PLATFORMS)) for d in range(DAY_COUNT)]
    return pa.table({
        "platform": [PLATFORMS[p] for p, _ in cells], "day": pa.array([day_of(d) for _, d in cells], pa.date32()),
        "post_count": pa.array(counts.astype(np.int64)),
    })  # fmt: skip
