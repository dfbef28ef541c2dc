"""The kept list of phrases, and the matches of its phrases beside the lake. Nights are searched once; what was found outlives the texts.

A phrase is listed by the newest night, and that night also searches the texts of the nights before, as far as the vault still holds them. Which
words are phrases is for ``analysis.phrase_discovery`` to say.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipelines.analysis.increments import digest
from pipelines.analysis.phrase_discovery import DiscoveryParameters, discover, is_looked_at
from pipelines.analysis.phrases import (
    METHOD_VERSION,
    PHRASES,
    TEXT_PHRASES,
    Matcher,
    normalise,
    segments,
    text_phrases,
    variant_key,
)
from pipelines.lake.nights import TEXT_PHRASES_TABLE, NightPlan, add_searched
from pipelines.lake.paths import DataPaths
from pipelines.lake.writer import write_table
from pipelines.nightly.text_rules import SEEDS, seed_rows
from pipelines.nightly.text_workers import each_file

LOOKBACK_DAYS: Final = 28
"""Nights before its listing whose texts are searched for a phrase."""
DISCOVERY_NIGHTS: Final = 7
"""Nights, the newest one among them, whose texts together say what is a phrase."""
_BATCH_ROWS: Final = 10_000
_READ: Final = ["platform", "post_key", "account_key", "observed_at", "landed_night", "text"]
_SOURCES: Final = b"phrase_sources"


class PhrasesError(ValueError):
    """The seed of phrases holds what is none."""


@dataclass(frozen=True, slots=True)
class Searches:
    """What a night did about phrases.

    Attributes:
        listed: Phrases that it listed.
        file_count: Files of matches that it wrote or removed.
    """

    listed: tuple[str, ...]
    file_count: int


def read_phrase_seed(file: Path = SEEDS / "phrases.csv") -> list[str]:
    """The analyst's phrases, normalised, in the order of the seed.

    Args:
        file: With a column ``phrase``.

    Raises:
        PhrasesError: a row is not one stretch of two to five words, or a variant of one before it.
    """
    found: dict[str, str] = {}
    for each in (row["phrase"] for row in seed_rows(file)):
        phrase = normalise(each)
        if phrase is None:
            raise PhrasesError(f"{file.name}: {each!r} is not a phrase of two to five words")
        if variant_key(phrase) in found:
            raise PhrasesError(f"{file.name}: {each!r} is a variant of {found[variant_key(phrase)]!r}")
        found[variant_key(phrase)] = phrase
    return list(found.values())


def read_function_words(file: Path = SEEDS / "function_words.csv") -> frozenset[str]:
    """Words of grammar of all languages of the seed, as texts' words are written.

    Args:
        file: With a column ``word``.
    """
    return frozenset(word for row in seed_rows(file) for words in segments(row["word"]) for word in words)


def read_phrases(paths: DataPaths) -> pa.Table:
    """The kept list, ``PHRASES``, by night of listing, seed first."""
    file = paths.phrases_file()
    return pq.read_table(file, schema=PHRASES, partitioning=None) if file.exists() else PHRASES.empty_table()


def write_text_phrases(
    paths: DataPaths,
    plan: NightPlan,
    seed: Iterable[str],
    function_words: frozenset[str],
    parameters: DiscoveryParameters | None = None,
    workers: int = 1,
) -> Searches:
    """List what is new and bring the matches of the nights that are read anew up to the vault and the list.

    Rows of the list are only ever added. A file of matches remembers the hash of each vault file that it was made from: rows whose texts retention
    took stay, rows of a night that was run again are searched again.

    Args:
        paths: The data folder.
        plan: The night's plan.
        seed: The analyst's phrases, normalised.
        function_words: Words that no discovered phrase begins or ends with.
        parameters: Of the discovery; defaults when None.
        workers: Processes that search texts.

    Raises:
        WorkerEndedError: such a process was ended from outside.
    """
    if not plan.modelled:
        return Searches((), 0)
    vault = _Vault(paths, plan)
    newest = max(each.night for each in plan.modelled)
    known = read_phrases(paths)
    added = _new_phrases(vault, plan, known, seed, function_words, parameters or DiscoveryParameters())
    listed = known
    if added:
        watched_from = vault.watched_from(newest)
        rows = [
            {"phrase": phrase, "source": source, "listed_on": newest, "watched_from_on": watched_from} for phrase, source in added
        ]
        listed = pa.concat_tables([known, pa.Table.from_pylist(rows, PHRASES)])
    targets = _targets(plan, listed, newest if added else None)
    # First what dbt has to read again, then the list, then the matches: a kill in between leaves nothing that the next run does not do.
    add_searched(paths, targets)
    search = _Search(vault, plan, listed)
    missing = search.missing(targets)
    row_count = sum(pq.read_metadata(file).num_rows for each in missing for file, _ in each.scans.values())
    file_count = sum(each_file(_write_day, missing, row_count, workers))
    if added or not paths.phrases_file().exists():
        write_table(paths.phrases_file(), listed)
    return Searches(tuple(phrase for phrase, _ in added), file_count)


def _made_from(matches: Path) -> dict[str, str]:
    """By landing night, the hash of the vault file that a file of matches comes from, and what was looked for in it."""
    if not matches.exists():
        return {}
    found: dict[str, str] = json.loads((pq.read_schema(matches).metadata or {}).get(_SOURCES, b"{}"))
    return found


class _Vault:
    """The texts that may be read: those of nights that passed their gate."""

    def __init__(self, paths: DataPaths, plan: NightPlan) -> None:
        self.paths = paths
        self._admitted = {(each.platform, each.night): each for each in plan.modelled}
        self._files: dict[tuple[str, date], list[Path]] = {}
        self._hashes: dict[Path, str] = {}
        for platform in sorted({each.platform for each in plan.modelled}):
            for file in sorted(paths.table_root(platform, "vault_posts").glob("day=*/night=*.parquet")):
                key = (platform, date.fromisoformat(file.stem.removeprefix("night=")))
                if key in self._admitted:
                    self._files.setdefault(key, []).append(file)

    def files(self, platform: str, first: date, last: date) -> Iterator[tuple[date, Path]]:
        """Vault files of the nights from ``first`` to ``last``."""
        for step in range((last - first).days + 1):
            night = first + timedelta(days=step)
            for file in self._files.get((platform, night), []):
                yield night, file

    def hash_of(self, file: Path) -> str:
        """Of a file's content."""
        if file not in self._hashes:
            with file.open("rb") as stream:
                self._hashes[file] = hashlib.file_digest(stream, "sha256").hexdigest()
        return self._hashes[file]

    def texts_of(self, first: date, last: date, text_count: int) -> Iterator[pa.Table]:
        """Accounts and texts that some nights brought on all platforms, without reposts; of more than so many, those of a share of accounts."""
        files = {key: held for key, held in self._files.items() if first <= key[1] <= last}
        row_count = sum(pq.read_metadata(file).num_rows for held in files.values() for file in held)
        share = min(1.0, text_count / row_count) if row_count else 1.0
        for (platform, night), held in sorted(files.items()):
            reposts = self._reposts_of(platform, night)
            for file in held:
                for batch in pq.ParquetFile(file).iter_batches(_BATCH_ROWS, columns=["post_key", "account_key", "text"]):
                    rows = pa.Table.from_batches([batch])
                    rows = rows.filter(pc.invert(pc.is_in(rows["post_key"], value_set=reposts)))
                    if share < 1:
                        accounts = rows["account_key"].to_pylist()
                        rows = rows.filter(pa.array([each is not None and is_looked_at(each, share) for each in accounts]))
                    yield rows

    def has_texts(self, first: date, last: date) -> bool:
        """Whether there are texts of any night from ``first`` to ``last``."""
        return any(first <= landed <= last for _, landed in self._files)

    def is_as_searched(self, night: date) -> bool:
        """Whether all texts of a night are those in which its own search looked."""
        return all(
            _made_from(self.paths.table_root(platform, TEXT_PHRASES_TABLE) / file.parent.name / file.name)
            .get(night.isoformat(), "")
            .startswith(f"{self.hash_of(file)} ")
            for (platform, landed), held in self._files.items()
            if landed == night
            for file in held
        )

    def _reposts_of(self, platform: str, night: date) -> pa.Array:
        found = []
        for day in sorted(self._admitted[platform, night].event_days()):
            file = self.paths.table_file(platform, "posts", day, night)
            if file.exists():
                rows = pq.read_table(file, columns=["post_key", "post_type"], partitioning=None)
                found.append(rows.filter(pc.equal(rows["post_type"], "repost"))["post_key"].combine_chunks())
        return pa.concat_arrays(found) if found else pa.array([], pa.string())

    def watched_from(self, night: date) -> date:
        """The first event day from which all texts that landed are searched tonight.

        A day after the last night that landed something and is too long ago, or whose texts are gone on some platform. Where there is no such
        night, the first event day that ever landed.
        """
        first = night - timedelta(days=LOOKBACK_DAYS)
        with_texts = {platform for platform, _ in self._files}
        missed: list[date] = []
        days: list[date] = []
        for (platform, landed), each in self._admitted.items():
            if landed > night or platform not in with_texts:
                continue
            if landed < first:
                missed.append(first - timedelta(days=1))
                continue
            event_days = each.event_days()
            days += event_days
            if (platform, landed) not in self._files and any(
                self.paths.table_file(platform, "posts", day, landed).exists() for day in event_days
            ):
                missed.append(landed)
        return max(missed) + timedelta(days=1) if missed else min(days, default=night)


def _new_phrases(
    vault: _Vault,
    plan: NightPlan,
    known: pa.Table,
    seed: Iterable[str],
    function_words: frozenset[str],
    parameters: DiscoveryParameters,
) -> list[tuple[str, str]]:
    """Phrases that are not listed yet with their source, those of the seed first.

    The newest night looks at its own texts and at those of the nights before it; an earlier one only at its own, and only where it brought others than
    when it was searched.
    """
    keys = {variant_key(row["phrase"]): row["listed_on"] for row in known.to_pylist()}
    added: dict[str, tuple[str, str]] = {}
    for phrase in seed:
        if variant_key(phrase) not in keys:
            added.setdefault(variant_key(phrase), (phrase, "seed"))
    of_seed = set(added)
    newest = max(each.night for each in plan.modelled)
    week = newest - timedelta(days=DISCOVERY_NIGHTS - 1)
    nights = {each.night for each in plan.restated}
    if any(night >= week for night in nights):
        nights.add(newest)
    for night in sorted(nights):
        if night < newest and vault.is_as_searched(night):
            continue
        # What a night listed itself takes part again, so that a night that is run again finds the same hundred.
        listed_before = {key for key, listed_on in keys.items() if listed_on < night} | of_seed
        # In a week few may write what is new; in a night its words are not yet lost among all others.
        firsts = [night, week] if night == newest and vault.has_texts(week, newest - timedelta(days=1)) else [night]
        found: dict[str, str] = {}
        for first in firsts:
            texts = vault.texts_of(first, night, parameters.largest_text_count)
            for candidate in discover(texts, function_words, listed_before, parameters):
                found.setdefault(variant_key(candidate.phrase), candidate.phrase)
        for key, phrase in list(found.items())[: parameters.largest_new_count]:
            if key not in keys:
                added.setdefault(key, (phrase, "discovered"))
    return list(added.values())


def _targets(plan: NightPlan, listed: pa.Table, listing: date | None) -> set[tuple[str, date]]:
    """Platform and night of the files of matches that may not be as they should be."""
    platforms = {each.platform for each in plan.modelled}
    nights_of_listing = set(listed["listed_on"].to_pylist())
    targets = {(platform, listing) for platform in platforms} if listing is not None else set()
    for each in plan.restated:
        targets.add((each.platform, each.night))
        # Phrases that were listed later were looked for in this night's texts as well.
        targets |= {(each.platform, night) for night in nights_of_listing if 0 < (night - each.night).days <= LOOKBACK_DAYS}
    return targets


@dataclass(frozen=True, slots=True)
class _Day:
    """A file of matches that is to be written, or removed where it has no origins.

    Attributes:
        target: The file.
        night: Whose file it is.
        stays: Landing nights whose rows stay as the file has them.
        scans: By landing night, the vault file that is searched, and for what.
        origins: By landing night, what the rows will have been made from.
    """

    target: Path
    night: date
    stays: frozenset[date]
    scans: dict[date, tuple[Path, Matcher]]
    origins: dict[str, str]


class _Search:
    """Finds the files of matches that are not as they should be.

    Args:
        vault: The texts.
        plan: The night's plan.
        listed: The list, tonight's phrases included.
    """

    def __init__(self, vault: _Vault, plan: NightPlan, listed: pa.Table) -> None:
        self._vault = vault
        # The first one listed names its variants.
        self._rows = listed.sort_by([("listed_on", "ascending"), ("phrase", "ascending")]).to_pylist()
        self._admitted = {(each.platform, each.night) for each in plan.modelled}
        self._is_again = set() if plan.is_full else {(each.platform, each.night) for each in plan.restated}
        self._night: date | None = None
        self._matchers: dict[bool, tuple[Matcher, str]] = {}

    def missing(self, targets: Iterable[tuple[str, date]]) -> list[_Day]:
        """The files that are not as they should be, by night and platform.

        Args:
            targets: Platform and night of files that may not be so.
        """
        days = (
            self._day(platform, target, sources, night)
            for night, platform in sorted((night, platform) for platform, night in targets)
            for target, sources in self._days(platform, night)
        )
        return [day for day in days if day is not None]

    def _days(self, platform: str, night: date) -> Iterator[tuple[Path, dict[date, Path]]]:
        first = night - timedelta(days=LOOKBACK_DAYS) if any(row["listed_on"] == night for row in self._rows) else night
        sources: dict[str, dict[date, Path]] = {}
        for landed, file in self._vault.files(platform, first, night):
            sources.setdefault(file.parent.name, {})[landed] = file
        root, name = self._vault.paths.table_root(platform, TEXT_PHRASES_TABLE), f"night={night.isoformat()}.parquet"
        for day in sorted({*sources, *(file.parent.name for file in root.glob(f"day=*/{name}"))}):
            yield root / day / name, sources.get(day, {})

    def _matcher(self, night: date, *, is_own: bool) -> tuple[Matcher, str]:
        """What a night looks for in its own texts, or in those before, and the version of that."""
        if self._night != night:
            self._night, self._matchers = night, {}
        if is_own not in self._matchers:
            phrases = [row["phrase"] for row in self._rows if row["listed_on"] == night or (is_own and row["listed_on"] < night)]
            self._matchers[is_own] = (Matcher(phrases), digest(METHOD_VERSION, *phrases))
        return self._matchers[is_own]

    def _day(self, platform: str, target: Path, sources: dict[date, Path], night: date) -> _Day | None:
        """What a file needs; None where it is as it should be."""
        held = _made_from(target)
        wanted = {
            landed.isoformat(): f"{self._vault.hash_of(file)} {self._matcher(night, is_own=landed == night)[1]}"
            for landed, file in sources.items()
        }
        # Whose texts retention took keeps what was found; of a night that was run again, or refused, it goes.
        kept = {landed: origin for landed, origin in held.items() if landed not in wanted and self._stays(platform, landed)}
        if held == {**kept, **wanted}:
            return None
        stays = {date.fromisoformat(landed) for landed in [*kept, *(each for each in wanted if held.get(each) == wanted[each])]}
        scans = {
            landed: (file, self._matcher(night, is_own=landed == night)[0])
            for landed, file in sources.items()
            if landed not in stays
        }
        return _Day(target, night, frozenset(stays), scans, {**kept, **wanted})

    def _stays(self, platform: str, landed: str) -> bool:
        key = (platform, date.fromisoformat(landed))
        return key in self._admitted and key not in self._is_again


def _write_day(day: _Day) -> int:
    if not day.origins:
        day.target.unlink()
        return 1
    held = pq.read_table(day.target, partitioning=None).cast(TEXT_PHRASES) if day.stays else TEXT_PHRASES.empty_table()
    parts = [TEXT_PHRASES.empty_table()]
    for landed in sorted({*day.stays, *day.scans}):
        if landed in day.stays:
            parts.append(held.filter(pc.equal(held["landed_night"], pa.scalar(landed, pa.date32()))))
        else:
            file, matcher = day.scans[landed]
            batches = pq.ParquetFile(file).iter_batches(_BATCH_ROWS, columns=_READ)
            parts += [text_phrases(pa.Table.from_batches([batch]), matcher, day.night) for batch in batches]
    metadata = {_SOURCES: json.dumps(day.origins, sort_keys=True).encode()}
    write_table(day.target, pa.concat_tables(parts).replace_schema_metadata(metadata))
    return 1
