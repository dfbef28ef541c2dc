"""Finds the texts of the labelled real captions by file and id. Keeps no text, judges none."""

from __future__ import annotations

import csv
import gzip
import json
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

LABELS: Final = Path(__file__).parent / "labels" / "captions.csv"
VEVO_TITLES: Final = "youtube_vevo/vevo_en_embeds_60k.txt.gz"
"""A list of 59,921 music titles, of which twelve are labelled: its weights would drown everything else."""
_VIDEO_KINDS: Final = ("youtube#video", "youtube#playlistItem", "youtube#activity", "youtube#searchResult")


@dataclass(frozen=True)
class LabelledCaption:
    """One caption with the labels a reader gave it; ``labels/README.md`` says what they mean.

    Attributes:
        platform: Of the post.
        source_file: Within the folder of real files.
        native_id: Of the post, as the platform gives it.
        cell: Platform, file and stratum, within which captions were drawn by lot.
        weight: Captions of its cell for which it stands.
        disclosure_level: clear, ambiguous or none.
        commercial: yes, no or unclear.
        commercial_kind: own_shop, brand_own, affiliate_or_code, brand_partnership or other; empty unless commercial is yes.
        is_difficult: Whether two careful people could differ.
        text: As its author wrote it.
    """

    platform: str
    source_file: str
    native_id: str
    cell: tuple[str, str, str]
    weight: float
    disclosure_level: str
    commercial: str
    commercial_kind: str
    is_difficult: bool
    text: str


def labelled_captions(realdata: Path) -> list[LabelledCaption]:
    """All labelled captions, in the order of the labels.

    Args:
        realdata: Folder of real files.

    Raises:
        KeyError: a text is not there.
    """
    with LABELS.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    texts = {file: texts_of(realdata, file) for file in sorted({row["source_file"] for row in rows})}
    return [
        LabelledCaption(
            row["platform"],
            row["source_file"],
            row["native_id"],
            (row["platform"], row["source_file"], row["stratum"]),
            int(row["stratum_population_count"]) / int(row["stratum_sample_count"]),
            row["disclosure_level"],
            row["is_commercial"],
            row["commercial_kind"],
            row["is_difficult"] == "true",
            texts[row["source_file"]][row["native_id"]],
        )
        for row in rows
    ]


def texts_of(realdata: Path, source_file: str) -> dict[str, str]:
    """Texts of a file by native id; of an id that comes twice the first.

    Args:
        realdata: Folder of real files.
        source_file: Within it.
    """
    found: dict[str, str] = {}
    for native_id, text in _READERS[source_file](realdata / source_file):
        found.setdefault(native_id, text)
    return found


def _last_part(address: str) -> str:
    return address.rstrip("/").rsplit("/", 1)[-1]


def _csv_texts(address: str, text: str) -> Callable[[Path], Iterator[tuple[str, str]]]:
    def read(file: Path) -> Iterator[tuple[str, str]]:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            for row in csv.DictReader(stream):
                yield _last_part(row[address]), row[text]

    return read


def _instagram_posts(file: Path) -> Iterator[tuple[str, str]]:
    for post in json.loads(file.read_text("utf-8")):
        yield _last_part(post["url"]), post["caption"] or ""


def _tiktok_trending(file: Path) -> Iterator[tuple[str, str]]:
    for video in json.loads(file.read_text("utf-8")):
        yield video["id"], video["desc"]


def _vevo_teaser(file: Path) -> Iterator[tuple[str, str]]:
    for line in file.read_text("utf-8").splitlines():
        video = json.loads(line)
        yield video["id"], _title_and_description(video["snippet"])


def _vevo_titles(file: Path) -> Iterator[tuple[str, str]]:
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        for line in lines:
            _, video_id, title = line.rstrip("\n").split(",", 2)
            yield video_id, title


def _title_and_description(snippet: dict[str, Any]) -> str:
    return f"{snippet['title']}\n{snippet.get('description', '')}"


def _objects(file: Path) -> Iterator[dict[str, Any]]:
    """Every JSON object in an archive's documents, outer ones first."""
    with tarfile.open(file) as archive:
        for member in archive:
            content = archive.extractfile(member) if member.name.endswith(".json") else None
            if content:
                yield from _objects_in(json.load(content))


def _objects_in(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _objects_in(part)


def _instagram_media(file: Path) -> Iterator[tuple[str, str]]:
    for media in _objects(file):
        if isinstance(media.get("caption"), str) and "id" in media:
            yield media["id"], media["caption"]


def _youtube_resources(file: Path) -> Iterator[tuple[str, str]]:
    """The fullest text of each video first: the video itself, then what lists it, then search results, which are cut short."""
    found = []
    for item in _objects(file):
        kind = item.get("kind")
        if kind not in _VIDEO_KINDS or "title" not in item.get("snippet", {}):
            continue
        text = _title_and_description(item["snippet"])
        for named in (item.get("id"), item["snippet"].get("resourceId"), item.get("contentDetails", {}).get("upload")):
            video_id = named.get("videoId") if isinstance(named, dict) else named if kind == "youtube#video" else None
            if video_id:
                found.append(((0, 1, 1, 2)[_VIDEO_KINDS.index(kind)], -len(text), video_id, text))
    for _, _, video_id, text in sorted(found):
        yield video_id, text


_INSTAGRAM_ROWS: Final = _csv_texts("url", "caption")
_READERS: Final[dict[str, Callable[[Path], Iterator[tuple[str, str]]]]] = {
    "instagram_graph_api/python_facebook_testdata.tar.gz": _instagram_media,
    "luxury_handbag_multi/dataset_instagram-hashtag-scraper_2026-03-04_11-38-57-137.csv": _INSTAGRAM_ROWS,
    "luxury_handbag_multi/instagram_hashtags.csv": _INSTAGRAM_ROWS,
    "luxury_handbag_multi/instagram_posts.json": _instagram_posts,
    "luxury_handbag_multi/tiktok.csv": _csv_texts("webVideoUrl", "text"),
    "luxury_handbag_multi/youtube.csv": _csv_texts("video_id", "title"),
    "tiktok_scraper/trending_Teerut26.json": _tiktok_trending,
    "youtube_api/python_youtube_testdata.tar.gz": _youtube_resources,
    "youtube_vevo/teaser.json": _vevo_teaser,
    VEVO_TITLES: _vevo_titles,
}
