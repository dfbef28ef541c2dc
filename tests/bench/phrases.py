"""How well phrases are found: planted ones in Bluesky files of invented words, through real nights; and what the search costs beside the plain way.

The plain way counts the authors of every word sequence in all texts that are held, each night. Synthetic text only.
"""

from __future__ import annotations

import argparse
import gzip
import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import duckdb
import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.analysis.phrases import LONGEST, SHORTEST, segments
from pipelines.commands.nightly import PARTLY_PUBLISHED
from pipelines.lake.intake import ingest_night
from pipelines.lake.limits import Limits
from pipelines.lake.nights import LandedNight, NightPlan, landed_nights
from pipelines.lake.paths import DataPaths
from pipelines.lake.pseudonyms import Pseudonymiser
from pipelines.nightly.phrases import read_function_words, read_phrases, write_text_phrases
from pipelines.platforms.registry import PLATFORMS
from tests.bench.history import created
from tests.bench.nights import dagster_home, night_command
from tests.unit.analysis.phrase_worlds import FUNCTION_WORDS, VOCABULARY, words

_ACCOUNTS: Final = 3_000
_FIRST: Final = date(2026, 8, 20)
_HISTORY_DAYS: Final = 20
_NAMES: Final = words()
_KINDS: Final = ("fast", "late", "slow", "thin")


@dataclass(frozen=True, slots=True)
class Planted:
    """A phrase of the truth: accounts that take it up, a post each, from the first day on.

    Attributes:
        phrase: Its words.
        kind: How fast: 'fast' 60 accounts in 6 days, 'late' the same from the last days of the history on, 'slow' 40 from its ninth day to the end, 'thin' three
            a day after it.
        used_at: Moments of the uses, ascending.
        users: Numbers of the accounts, by use.
    """

    phrase: str
    kind: str
    used_at: list[datetime]
    users: list[int]


def plant(seed: int, nights: int) -> list[Planted]:
    """Six phrases of each kind.

    Args:
        seed: Of the draw.
        nights: Nights after the history.
    """
    draw = np.random.default_rng((seed, 7))
    made = []
    for number in range(6 * len(_KINDS)):
        kind = _KINDS[number % len(_KINDS)]
        common, rare = int(draw.integers(60, 400)), int(draw.integers(800, 6_000))
        begin, length, count = {
            "fast": (9, 6, 60),
            "late": (_HISTORY_DAYS - 3, 2 + nights, 60),
            "slow": (9, 9 + nights, 40),
            "thin": (_HISTORY_DAYS, nights, 3 * nights),
        }[kind]
        # Few at first: the share that has taken it up grows with the square of the time. Thin ones stay as they are.
        offsets = np.sort(length * draw.random(count) ** (1 if kind == "thin" else 0.5))
        used = [
            datetime(_FIRST.year, _FIRST.month, _FIRST.day, tzinfo=UTC) + timedelta(days=begin + float(offset))
            for offset in offsets
        ]
        users = draw.choice(_ACCOUNTS, count, replace=False).tolist()
        made.append(Planted(f"{_NAMES[common]} {_NAMES[rare]}", kind, [each.replace(microsecond=0) for each in used], users))
    return made


def write_days(inbox: Path, seed: int, first: int, last: int, posts_a_day: int, phrases: list[Planted]) -> None:
    """Write the files of some days, counted from the first; the words of a day do not depend on the range asked for."""
    folder = inbox / "bluesky"
    folder.mkdir(parents=True, exist_ok=True)
    weight = 1 / np.arange(1, VOCABULARY + 1) ** 1.05
    weight /= weight.sum()
    for number in range(first, last + 1):
        day = _FIRST + timedelta(days=number)
        draw = np.random.default_rng((seed, 8, number))
        if number == 0:
            profiles = [
                {
                    "did": _did(each),
                    "handle": f"p{each}.example.com",
                    "followersCount": int(10 ** draw.normal(3, 1)),
                    "followsCount": 9,
                    "postsCount": 9,
                }
                for each in range(_ACCOUNTS)
            ]
            (folder / f"getProfiles-0-{day}.json").write_bytes(msgspec.json.encode({"profiles": profiles}))
        moments = [
            (second, int(draw.integers(_ACCOUNTS)), "") for second in np.sort(draw.integers(0, 86_400, posts_a_day)).tolist()
        ]
        midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
        for each in phrases:
            moments += [
                (int((at - midnight).total_seconds()), user, each.phrase)
                for at, user in zip(each.used_at, each.users, strict=True)
                if at.date() == day
            ]
        lines = []
        for index, (second, user, phrase) in enumerate(sorted(moments)):
            text = [_NAMES[word] for word in draw.choice(VOCABULARY, int(draw.integers(6, 15)), p=weight).tolist()]
            if phrase:
                text.insert(
                    int(draw.integers(0, len(text) + 1)), phrase if draw.random() < 0.7 else phrase.title().replace(" ", "-")
                )
            lines.append(
                msgspec.json.encode(
                    created(_did(user), f"{number:05d}{index:08d}", midnight + timedelta(seconds=second), " ".join(text))
                )
            )
        (folder / f"jetstream-{day}.jsonl.gz").write_bytes(gzip.compress(b"\n".join(lines) + b"\n", 1, mtime=0))


def _did(number: int) -> str:
    return "did:plc:" + f"{number:024d}".translate(str.maketrans("0123456789", "abcdefghij"))


def run_nights(folder: Path, seed: int, nights: int, posts_a_day: int) -> None:
    """Run a night that takes the history in and the nights after it, then print what was found of the truth."""
    inbox = folder / "inbox"
    dagster_home(folder)
    phrases = plant(seed, nights)
    for step in range(nights + 1):
        write_days(inbox, seed, 0 if step == 0 else _HISTORY_DAYS + step - 1, _HISTORY_DAYS + step - 1, posts_a_day, phrases)
        night = _FIRST + timedelta(days=_HISTORY_DAYS + step - 1)
        _nightly(folder, night)
        print(f"  night {night} done", flush=True)
    _judge(folder / "data", phrases)


def _nightly(folder: Path, night: date, *more: str) -> None:
    command = [*night_command(folder / "data", folder / "inbox", night), *more]
    environment = os.environ | {"DAGSTER_HOME": str(folder / "home")}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)  # noqa: S603 - our own interpreter
    # No calibration of ours is asked for: what it withholds is not looked at.
    if done.returncode not in (0, PARTLY_PUBLISHED):
        raise RuntimeError(done.stdout[-3000:] + done.stderr[-3000:])


def _judge(data: Path, phrases: list[Planted]) -> None:
    with duckdb.connect(str(data / "warehouse" / "warehouse.duckdb"), read_only=True) as warehouse:
        warehouse.execute("set TimeZone = 'UTC'")
        listed = dict(warehouse.execute("select phrase, listed_on from int_phrases where source = 'discovered'").fetchall())
        first = dict(
            warehouse.execute(
                "select unit, min(adopted_at) from int_unit_first_uses where unit_type = 'phrase' group by all"
            ).fetchall()
        )
        trends: dict[str, bool] = dict(
            warehouse.execute("select unit, is_left_censored from int_trend_candidates where unit_type = 'phrase'").fetchall()
        )
        uses = warehouse.execute("select count(*) from int_post_units where unit_type = 'phrase'").fetchall()[0][0]
    _print_found(phrases, listed, first, trends)
    true = {each.phrase for each in phrases}
    print(
        f"  not planted: {len(set(listed) - true)} listed, {len(set(trends) - true)} trends; {uses} uses, {sum(len(each.used_at) for each in phrases)} planted"
    )


def _print_found(
    phrases: list[Planted], listed: dict[str, date], first: dict[str, datetime], trends: dict[str, bool] | None = None
) -> None:
    for kind in _KINDS:
        of = [each for each in phrases if each.kind == kind]
        found = [each for each in of if each.phrase in listed]
        told = f"  {kind}: {len(found)} of {len(of)} listed"
        if trends is not None:
            told += f", {sum(each.phrase in trends for each in of)} trends, {sum(trends.get(each.phrase, False) for each in of)} of them left-censored"
        if found:
            errors = [(first[each.phrase] - each.used_at[0]).total_seconds() / 3600 for each in found if each.phrase in first]
            late = [(listed[each.phrase] - each.used_at[0].date()).days for each in found]
            told += f"; first use off by {max(errors, default=float('nan')):.2f} h at most; listed {np.median(late):.0f} days after it (median)"
        print(told)


def run_searches(folder: Path, seed: int, nights: int, posts_a_day: int) -> None:
    """Take the history and the nights after it in, search each, model nothing; print what was found of the truth and what the plain way costs.

    Args:
        folder: For inbox and data; emptied.
        seed: Of the words and of the truth.
        nights: After the one that takes the history in.
        posts_a_day: Without the planted ones.
    """
    shutil.rmtree(folder, ignore_errors=True)
    phrases = plant(seed, nights)
    paths = DataPaths(folder / "data")
    closed = read_function_words()
    pseudonyms = Pseudonymiser(b"k" * 32)
    for step in range(nights + 1):
        last = _HISTORY_DAYS + step - 1
        write_days(folder / "inbox", seed, 0 if step == 0 else last, last, posts_a_day, phrases)
        night = _FIRST + timedelta(days=last)
        ingest_night(paths, folder / "inbox", PLATFORMS["bluesky"], night, pseudonyms, workers=1, limits=Limits())
        write_text_phrases(paths, _plan(paths, step + 1), [], closed)
    listed = {row["phrase"]: row["listed_on"] for row in read_phrases(paths).to_pylist()}
    with duckdb.connect() as asked:
        asked.execute("set TimeZone = 'UTC'")
        lake = folder / "data" / "lake" / "bluesky"
        first = dict(
            asked.execute(
                f"select phrase, min(published_at) from read_parquet('{lake}/text_phrases/*/*.parquet', hive_partitioning = false)"
                f" inner join read_parquet('{lake}/posts/*/*.parquet', hive_partitioning = false) as posts using (post_key) group by all"
            ).fetchall()
        )
    print(f"  seed {seed}; not planted: {len(set(listed) - {each.phrase for each in phrases})} listed")
    _print_found(phrases, listed, first)


def _tables(data: Path) -> dict[str, list[Any]]:
    names = ("int_post_units", "int_unit_first_uses", "int_trend_candidates", "int_co_adopted_units", "int_trend_uses", "trends")
    with duckdb.connect(str(data / "warehouse" / "warehouse.duckdb"), read_only=True) as warehouse:
        return {name: warehouse.execute(f"select * from {name} order by all").fetchall() for name in names}


def compare_rebuild(folder: Path, night: date) -> None:
    """Print whether a full build, with the vault and without it, holds what the nights made."""
    before = _tables(folder / "data")
    for title in ("with the vault", "without the vault"):
        if title == "without the vault":
            shutil.rmtree(folder / "data" / "vault")
        shutil.rmtree(folder / "data" / "warehouse")
        _nightly(folder, night)
        after = _tables(folder / "data")
        told = ", ".join(
            f"{name} {'same' if before[name] == after[name] else 'OTHER'} ({len(after[name])} rows)" for name in before
        )
        print(f"  full build {title}: {told}")


def _plan(paths: DataPaths, count: int) -> NightPlan:
    landed: list[LandedNight] = [each for each in landed_nights(paths) if each.platform == "bluesky"][:count]
    return NightPlan(landed[-1].night, False, False, [landed[-1].night], landed, [], frozenset({"bluesky"}), (landed[-1],))


def _plain(paths: DataPaths, plan: NightPlan) -> int:
    authors: dict[str, set[str]] = {}
    for file in sorted(paths.table_root("bluesky", "vault_posts").glob("day=*/*.parquet")):
        if date.fromisoformat(file.stem.removeprefix("night=")) > plan.night:
            continue
        rows = pq.read_table(file, columns=["account_key", "text"], partitioning=None)
        for account, text in _pairs(rows):
            for found in segments(text):
                for size in range(SHORTEST, LONGEST + 1):
                    for place in range(len(found) - size + 1):
                        authors.setdefault(" ".join(found[place : place + size]), set()).add(account)
    return sum(len(each) >= 10 for each in authors.values())


def _pairs(rows: pa.Table) -> Iterator[tuple[str, str]]:
    for account, text in zip(rows["account_key"].to_pylist(), rows["text"].to_pylist(), strict=True):
        if account and text:
            yield account, text


def _step(data: Path, way: str, count: int) -> None:
    paths = DataPaths(data)
    plan = _plan(paths, count)
    closed = read_function_words() | FUNCTION_WORDS
    begun = time.perf_counter()
    if way == "plain":
        _plain(paths, plan)
    else:
        write_text_phrases(paths, plan, [], closed)
    seconds = time.perf_counter() - begun
    print(f"{seconds} {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}")


def cost(folder: Path) -> None:
    """Print what each night's search costs beside the plain way, on the vault that the nights left."""
    data = folder / "cost"
    shutil.copytree(folder / "data" / "vault", data / "vault")
    shutil.copytree(folder / "data" / "ledger", data / "ledger")
    shutil.copytree(folder / "data" / "lake", data / "lake", ignore=shutil.ignore_patterns("text_phrases"))
    count = sum(each.platform == "bluesky" for each in landed_nights(DataPaths(data)))
    for place in range(1, count + 1):
        told = {}
        for way in ("kept", "plain"):
            command = [sys.executable, "-m", "tests.bench.phrases", "--step", str(data), way, str(place)]
            done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - our own interpreter
            told[way] = tuple(map(float, done.stdout.split()))
        (seconds, memory), (plain_seconds, plain_memory) = told["kept"], told["plain"]
        print(
            f"  night {place}: {seconds:.2f} s, {memory:.0f} MB; plain {plain_seconds:.2f} s, {plain_memory:.0f} MB; ratio {seconds / plain_seconds:.2f} and {memory / plain_memory:.2f}",
            flush=True,
        )
    shutil.rmtree(data)


def main() -> None:
    """Print what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("build/phrases"))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--nights", type=int, default=3, help="after the one that takes in the history")
    parser.add_argument("--posts", type=int, default=2_000, help="a day")
    parser.add_argument("--rebuild", action="store_true", help="also compare with full builds, and without the vault")
    parser.add_argument("--search-only", type=int, metavar="SEEDS", help="take in and search so many worlds, and model nothing")
    parser.add_argument("--step", nargs=3, metavar=("DATA", "WAY", "NIGHTS"), help="one search alone, for its time and memory")
    asked = parser.parse_args()
    # Dagster's home has to be an absolute path.
    folder = asked.folder.resolve()
    if asked.step:
        _step(Path(asked.step[0]), asked.step[1], int(asked.step[2]))
        return
    if asked.search_only:
        for seed in range(asked.seed, asked.seed + asked.search_only):
            run_searches(folder, seed, asked.nights, asked.posts)
        cost(folder)
        return
    shutil.rmtree(folder, ignore_errors=True)
    run_nights(folder, asked.seed, asked.nights, asked.posts)
    cost(folder)
    if asked.rebuild:
        compare_rebuild(folder, _FIRST + timedelta(days=_HISTORY_DAYS + asked.nights - 1))


if __name__ == "__main__":
    main()
