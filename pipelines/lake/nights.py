"""Which landed rows a night models: nights that passed their gate, event days not yet published, the files that dbt may read."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.analysis.phrases import PHRASES, SEARCHED_NIGHTS, TEXT_PHRASES
from pipelines.analysis.text_signals import TEXT_SIGNALS
from pipelines.lake.commit import write_whole
from pipelines.lake.erasures import ensure_erasures
from pipelines.lake.paths import DataPaths
from pipelines.lake.schemas import ANALYTIC_TABLES
from pipelines.lake.writer import write_table

TEXT_SIGNALS_TABLE: Final = "text_signals"
"""What is told of posts' texts: beside the landed tables, by the same path law, made from the vault."""
TEXT_PHRASES_TABLE: Final = "text_phrases"
"""Listed phrases that posts' texts hold, made from the vault; its night is the one that searched."""
NIGHT_SCHEMA: Final = pa.schema(
    [
        pa.field("night", pa.date32(), nullable=False),
        pa.field("is_full", pa.bool_(), nullable=False),
        pa.field("is_carried", pa.bool_(), nullable=False),
        pa.field("touched_days", pa.list_(pa.date32()), nullable=False),
    ]
)
LANDED_FILES_SCHEMA: Final = pa.schema(
    [
        pa.field("platform", pa.string(), nullable=False),
        pa.field("table_name", pa.string(), nullable=False),
        pa.field("file", pa.string(), nullable=False),
    ]
)
RESTATED_NIGHTS_SCHEMA: Final = pa.schema(
    [pa.field("platform", pa.string(), nullable=False), pa.field("landed_night", pa.date32(), nullable=False)]
)
PUBLISHED_SCHEMA: Final = pa.schema(
    [
        pa.field("method", pa.string(), nullable=False),
        pa.field("night_name", pa.string(), nullable=False),
        pa.field("fingerprint", pa.string(), nullable=False),
    ]
)


@dataclass(frozen=True, slots=True)
class LandedNight:
    """One platform's night in the lake, with the fingerprint of its ledger."""

    platform: str
    night: date
    ledger: Path
    fingerprint: str

    @property
    def name(self) -> str:
        """``platform/night``."""
        return f"{self.platform}/{self.night.isoformat()}"

    def event_days(self) -> set[date]:
        """Event days of the files that the night took in."""
        found = pq.read_table(self.ledger, columns=["event_days"], partitioning=None)
        return {day for days in found.column("event_days").to_pylist() for day in days}


@dataclass(frozen=True, slots=True)
class NightPlan:
    """What one night models.

    Attributes:
        night: The partition.
        is_full: Whether every model is built from all landed rows.
        is_carried: Whether an earlier night was modelled and never published: what it changed counts as changed still.
        touched_days: Event days to replace, ascending. The night itself is among them: tables without rows land there.
        modelled: Nights whose rows are in the models after this one.
        held_back: Nights that did not pass their gate; none of their rows is read until they are run again and pass.
        changed_platforms: Whose landed rows are not those of the last snapshot; all others' staging stands as it is.
        restated: Nights whose rows are not those of the last snapshot, on a full build all that are modelled. What is told of a text
            goes by these, for its event day is that of the observation.
    """

    night: date
    is_full: bool
    is_carried: bool
    touched_days: list[date]
    modelled: list[LandedNight]
    held_back: list[LandedNight]
    changed_platforms: frozenset[str]
    restated: tuple[LandedNight, ...] = ()

    def sentence(self) -> str:
        """The plan, for a person."""
        what = "everything" if self.is_full else f"{len(self.touched_days)} touched event days"
        held = (
            f"; held back until they pass their gate: {', '.join(each.name for each in self.held_back)}" if self.held_back else ""
        )
        return f"night {self.night}: models {what}{held}"


def landed_nights(paths: DataPaths) -> list[LandedNight]:
    """All nights that left a ledger, by platform and night."""
    found = []
    for ledger in sorted((paths.root / "ledger").glob("*/night=*.parquet")):
        night = date.fromisoformat(ledger.stem.removeprefix("night="))
        fingerprint = hashlib.sha256(ledger.read_bytes()).hexdigest()[:32]
        found.append(LandedNight(ledger.parent.name, night, ledger, fingerprint))
    return found


def _admitted(paths: DataPaths, landed: Iterable[LandedNight]) -> set[str]:
    """Names of the nights whose gates parsed and landed were asked and passed: what was never judged is not read."""
    admitted: set[str] = set()
    logs: dict[date, dict[str, bool]] = {}
    for each in landed:
        if each.night not in logs:
            logs[each.night] = _landed_verdicts(paths.gate_log_file(each.night))
        if logs[each.night].get(each.platform, False):
            admitted.add(each.name)
    return admitted


def _landed_verdicts(log: Path) -> dict[str, bool]:
    """By platform, whether all closing checks at gates parsed and landed passed."""
    if not log.exists():
        return {}
    verdicts: dict[str, bool] = {}
    columns = ["gate", "table_name", "passed", "severity"]
    for row in pq.read_table(log, columns=columns, filters=[("gate", "in", ["parsed", "landed"])], partitioning=None).to_pylist():
        platform = row["table_name"].partition("/")[0]
        verdicts[platform] = verdicts.get(platform, True) and (row["passed"] or row["severity"] != "error")
    return verdicts


def held_back(paths: DataPaths) -> list[LandedNight]:
    """Nights whose rows are landed and not read: their landed gate closed, or was never asked."""
    landed = landed_nights(paths)
    admitted = _admitted(paths, landed)
    return [each for each in landed if each.name not in admitted]


def admitted_nights(paths: DataPaths) -> set[tuple[str, date]]:
    """Platform and night of all landed rows that may be read."""
    landed = landed_nights(paths)
    admitted = _admitted(paths, landed)
    return {(each.platform, each.night) for each in landed if each.name in admitted}


def plan_night(paths: DataPaths, night: date, method: str, *, rebuild: bool = False) -> NightPlan:
    """Decide what a night models.

    Event days stay touched until a snapshot with them is published: a night that was stopped by a later gate, or never run
    to its end, is made good by the next one. Another method (models, schemas or parameters), a lost warehouse or ``rebuild``
    builds everything from the lake.

    Args:
        paths: the data folder.
        night: the partition.
        method: fingerprint of everything that decides what a model holds, apart from the rows.
        rebuild: build everything.
    """
    published_by, published = _published(paths)
    landed = landed_nights(paths)
    admitted = _admitted(paths, landed)
    is_full = rebuild or not paths.warehouse.exists() or published_by != method
    days, changed, restated = {night}, set(), []
    for platform, rewritten in rewritten_days(paths).items():
        days |= rewritten
        changed.add(platform)
    for each in landed:
        is_modelled, was_published = each.name in admitted, each.name in published
        if is_modelled and published.get(each.name) != each.fingerprint:
            days |= each.event_days() | {each.night}
            restated.append(each)
            if was_published or not _is_empty(paths, each):
                changed.add(each.platform)
        elif was_published and not is_modelled:
            # Run again and refused: what an earlier run of it brought leaves the models, as a full build would have it.
            days |= each.event_days() | {each.night}
            changed.add(each.platform)
            restated.append(each)
    modelled = [each for each in landed if each.name in admitted]
    return NightPlan(
        night,
        is_full,
        paths.unpublished_file().exists(),
        sorted(days),
        modelled,
        [each for each in landed if each.name not in admitted],
        frozenset(changed),
        tuple(modelled if is_full else restated),
    )


def nights_to_model(paths: DataPaths, plan: NightPlan) -> list[LandedNight]:
    """Nights whose rows the published snapshot does not know as they are now: all of them, where everything is built."""
    _, published = _published(paths)
    return [each for each in plan.modelled if plan.is_full or published.get(each.name) != each.fingerprint]


def rewritten_days(paths: DataPaths) -> dict[str, set[date]]:
    """By platform, event days whose landed files lost rows since a snapshot was last published."""
    return {platform: {date.fromisoformat(day) for day in told["days"]} for platform, told in _rewritten(paths).items()}


def add_rewritten(paths: DataPaths, platform: str, days: Iterable[date], accounts: Iterable[str]) -> None:
    """Have event days modelled again, and accounts of which a profile goes. To be called before files are rewritten: a kill loses none then.

    Args:
        paths: the data folder.
        platform: whose landed files lose rows.
        days: event days of these files.
        accounts: keys of accounts of which a snapshot of the profile goes: no row of these days will say that it changed.
    """
    known = _rewritten(paths).get(platform, {"days": [], "accounts": []})
    told = {
        "days": sorted({*known["days"], *(day.isoformat() for day in days)}),
        "accounts": sorted({*known["accounts"], *accounts}),
    }
    write_whole(paths.rewritten_days_file(platform), json.dumps(told).encode())


def _rewritten(paths: DataPaths) -> dict[str, dict[str, list[str]]]:
    files = sorted(paths.rewritten_days_file("any").parent.glob("*.json"))
    return {file.stem: json.loads(file.read_text()) for file in files}


def _tell_rewritten_accounts(paths: DataPaths) -> None:
    """Tell dbt of which accounts a profile went; of none, once that is published."""
    accounts = sorted({account for told in _rewritten(paths).values() for account in told["accounts"]})
    write_table(paths.rewritten_accounts_file(), pa.table({"account_key": pa.array(accounts, pa.string())}))


def _is_empty(paths: DataPaths, landed: LandedNight) -> bool:
    """Whether a night landed no row at all: no event, and nothing that its coverage would tell."""
    coverage = paths.table_file(landed.platform, "coverage", landed.night, landed.night)
    return not landed.event_days() and not (coverage.exists() and pq.read_metadata(coverage).num_rows)


def begin_modelling(paths: DataPaths, plan: NightPlan) -> None:
    """Tell dbt which night it models and which files it may read, and make the folders and empty tables that it expects."""
    if plan.is_full:
        shutil.rmtree(paths.root / "exchange", ignore_errors=True)
    for folder in ("exchange", "derived", "marts", "warehouse", "gates"):
        (paths.root / folder).mkdir(exist_ok=True)
    for table, schema in {**ANALYTIC_TABLES, TEXT_SIGNALS_TABLE: TEXT_SIGNALS, TEXT_PHRASES_TABLE: TEXT_PHRASES}.items():
        empty = paths.empty_table_file(table)
        if not empty.exists() or not pq.read_schema(empty).equals(schema):
            write_table(empty, schema.empty_table())
    for file, schema in ((paths.phrases_file(), PHRASES), (paths.searched_nights_file(), SEARCHED_NIGHTS)):
        if not file.exists():
            write_table(file, schema.empty_table())
    ensure_erasures(paths)
    _tell_rewritten_accounts(paths)
    row = {name: getattr(plan, name) for name in NIGHT_SCHEMA.names}
    write_table(paths.night_file(), pa.Table.from_pylist([row], NIGHT_SCHEMA))
    restated = [{"platform": each.platform, "landed_night": each.night} for each in plan.restated]
    write_table(paths.restated_nights_file(), pa.Table.from_pylist(restated, RESTATED_NIGHTS_SCHEMA))
    write_table(paths.landed_files_file(), pa.Table.from_pylist(_readable_files(paths, plan), LANDED_FILES_SCHEMA))
    paths.unpublished_file().touch()


def is_full_night(paths: DataPaths) -> bool:
    """Whether the night that is being modelled builds everything."""
    return bool(pq.read_table(paths.night_file(), columns=["is_full"], partitioning=None).column("is_full")[0].as_py())


def _readable_files(paths: DataPaths, plan: NightPlan) -> list[dict[str, str]]:
    nights: dict[str, set[str]] = {}
    for each in plan.modelled:
        nights.setdefault(each.platform, set()).add(f"night={each.night.isoformat()}.parquet")
    rows = []
    for platform, names in sorted(nights.items()):
        for table in ANALYTIC_TABLES:
            root = paths.table_root(platform, table)
            folders = root.glob("day=*") if plan.is_full else (root / f"day={day.isoformat()}" for day in plan.touched_days)
            for folder in sorted(folders):
                if folder.is_dir():
                    files = sorted(file for file in folder.iterdir() if file.name in names)
                    rows += [{"platform": platform, "table_name": table, "file": str(file)} for file in files]
    readable = {each.name for each in plan.modelled}
    for each in plan.restated:
        if each.name in readable:
            root = paths.table_root(each.platform, TEXT_SIGNALS_TABLE)
            files = sorted(root.glob(f"day=*/night={each.night.isoformat()}.parquet"))
            rows += [{"platform": each.platform, "table_name": TEXT_SIGNALS_TABLE, "file": str(file)} for file in files]
    for platform, night in searched_nights(paths):
        root = paths.table_root(platform, TEXT_PHRASES_TABLE)
        files = sorted(root.glob(f"day=*/night={night.isoformat()}.parquet"))
        rows += [{"platform": platform, "table_name": TEXT_PHRASES_TABLE, "file": str(file)} for file in files]
    return rows


def searched_nights(paths: DataPaths) -> list[tuple[str, date]]:
    """Platform and night of the searches for phrases that no published snapshot knows as they are."""
    file = paths.searched_nights_file()
    rows = pq.read_table(file, partitioning=None).to_pylist() if file.exists() else []
    return [(row["platform"], row["searched_night"]) for row in rows]


def add_searched(paths: DataPaths, searched: Iterable[tuple[str, date]]) -> None:
    """Have searches read anew until a snapshot with them is published. To be called before their files are written: a kill loses none then.

    Args:
        paths: the data folder.
        searched: platform and the night that searched.
    """
    known = sorted({*searched_nights(paths), *searched})
    rows = [{"platform": platform, "searched_night": night} for platform, night in known]
    write_table(paths.searched_nights_file(), pa.Table.from_pylist(rows, SEARCHED_NIGHTS))


def record_published(paths: DataPaths, plan: NightPlan, method: str) -> None:
    """Remember what the published snapshot holds; only after this do its event days count as done."""
    rows = [{"method": method, "night_name": each.name, "fingerprint": each.fingerprint} for each in plan.modelled]
    write_table(paths.published_state_file(), pa.Table.from_pylist(rows, PUBLISHED_SCHEMA))
    paths.unpublished_file().unlink(missing_ok=True)
    for platform in _rewritten(paths):
        paths.rewritten_days_file(platform).unlink()
    _tell_rewritten_accounts(paths)
    write_table(paths.searched_nights_file(), SEARCHED_NIGHTS.empty_table())


def _published(paths: DataPaths) -> tuple[str | None, dict[str, str]]:
    """The method of the published snapshot, and the fingerprints of its nights by name."""
    file = paths.published_state_file()
    rows = pq.read_table(file, partitioning=None).to_pylist() if file.exists() else []
    return (rows[0]["method"] if rows else None), {row["night_name"]: row["fingerprint"] for row in rows}
