"""What is true of a world, as tables that the pipeline never reads: their schemas, and how they are made of the world's arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any, Final, Protocol

import numpy as np
import pyarrow as pa

from pipelines.world.drawn import (
    ACTOR_CLASSES,
    DAY,
    LANGUAGES,
    NEVER,
    NOBODY,
    PLATFORMS,
    POST,
    START_SECONDS,
    TIERS,
    Day,
    Ints,
    Posts,
    day_of,
    moment,
    tier_of,
    tiers_of,
)
from pipelines.world.native.files import Fault, Filed
from pipelines.world.native.names import Names
from pipelines.world.observation import Collection
from pipelines.world.simulate import Simulation
from pipelines.world.true_concentration import TrueConcentration

INSTANT: Final = pa.timestamp("us", tz="UTC")
DISCLOSURES: Final = ("none", "clear_text", "ambiguous", "platform_label")


def _schema(**columns: pa.DataType) -> pa.Schema:
    return pa.schema(list(columns.items()))


_TEXT, _COUNT, _REAL, _FLAG, _DAY = pa.string(), pa.int64(), pa.float64(), pa.bool_(), pa.date32()
SCHEMAS: Final[dict[str, pa.Schema]] = {
    # One row per account. native_id is what the lake keys it by. later_niche holds from niche_changed_on. Tiers only where followers are shown.
    "accounts": _schema(
        platform=_TEXT, native_id=_TEXT, handle=_TEXT, person=_COUNT, niche=_TEXT, later_niche=_TEXT, niche_changed_on=_DAY,
        second_niche=_TEXT, second_share=_REAL, actor_class=_TEXT, tier_start=_TEXT, tier_end=_TEXT, followers_start=_COUNT,
        followers_end=_COUNT, daily_rate=_REAL, opened_on=_DAY, closed_on=_DAY, collected_from=_DAY, reply_back_rate=_REAL,
        reply_back_median_hours=_REAL, engagement_rate=_REAL, linked_native_id=_TEXT, is_link_mutual=_FLAG, post_count=_COUNT,
        observed_post_count=_COUNT,
    ),
    # One row per niche.
    "niches": _schema(niche=_TEXT, tags=pa.list_(_TEXT), born_on=_DAY, died_on=_DAY),
    # One row per planted event of a niche's life: birth, growth, merge (into other), split (other comes out of it), death.
    "niche_events": _schema(niche=_TEXT, event=_TEXT, happened_on=_DAY, other_niche=_TEXT),
    # One row per trend. direction and media_direction: lead_first, target_first or none, as in the published claims. Counts are of adopters
    # that showed it, by tier as of adoption; origin_* is the first account that showed it.
    "trends": _schema(
        tag=_TEXT, words=_TEXT, alias=_TEXT, true_class=_TEXT, niche=_TEXT, born_at=INSTANT, direction=_TEXT, media_direction=_TEXT,
        sponsor=_TEXT, event=_TEXT, origin_platform=_TEXT, origin_native_id=_TEXT, origin_tier=_TEXT, origin_niche=_TEXT,
        origin_at=INSTANT, adopter_count=_COUNT, micro_adopter_count=_COUNT, mid_adopter_count=_COUNT, macro_adopter_count=_COUNT,
        mega_adopter_count=_COUNT, unknown_adopter_count=_COUNT, media_item_count=_COUNT, first_media_at=INSTANT, first_brand_at=INSTANT,
        is_begun_before_coverage=_FLAG,
    ),
    # One row per trend and account that was exposed; adopted_at is NULL if it never showed. cause_* is NULL where the cause was common.
    "adoptions": _schema(
        tag=_TEXT, platform=_TEXT, native_id=_TEXT, tier=_TEXT, is_insider=_FLAG, exposed_at=INSTANT, adopted_at=INSTANT,
        cause_platform=_TEXT, cause_native_id=_TEXT, is_observed=_FLAG,
    ),
    # One row per item of an outlet about a trend.
    "items": _schema(
        platform=_TEXT, native_id=_TEXT, outlet=_TEXT, outlet_class=_TEXT, tag=_TEXT, published_at=INSTANT, is_reprint=_FLAG,
        credit_platform=_TEXT, credit_native_id=_TEXT, is_observed=_FLAG,
    ),
    # One row per person and move.
    "moves": _schema(person=_COUNT, from_platform=_TEXT, from_native_id=_TEXT, to_platform=_TEXT, to_native_id=_TEXT, moved_on=_DAY),
    # One row per paid post that was seen.
    "sponsored_posts": _schema(
        platform=_TEXT, native_id=_TEXT, account_native_id=_TEXT, brand=_TEXT, disclosure=_TEXT, language=_TEXT, published_at=INSTANT,
    ),
    # One row per deletion; is_stated says whether the platform's files tell it.
    "deletions": _schema(platform=_TEXT, native_id=_TEXT, account_native_id=_TEXT, deleted_on=_DAY, is_stated=_FLAG),
    # One row per platform and day.
    "posts_count": _schema(platform=_TEXT, day=_DAY, post_count=_COUNT, observed_post_count=_COUNT),
    # One row per platform, month, niche and tier: what happened, complete.
    "attention_months": _schema(
        platform=_TEXT, month=_DAY, niche=_TEXT, tier=_TEXT, account_count=_COUNT, post_count=_COUNT, like_count=_COUNT,
    ),
    # One row per platform, month and resource: over how many accounts it is spread; hhi is of two different posts, whole_hhi of all that happened.
    "concentration_months": _schema(
        platform=_TEXT, month=_DAY, niche=_TEXT, resource=_TEXT, account_count=_COUNT, event_count=_COUNT, effective_event_count=_REAL,
        hhi=_REAL, hill_2=_REAL, whole_hhi=_REAL,
    ),
    # One row per planted fault of the files.
    "planted_faults": _schema(platform=_TEXT, file=_TEXT, kind=_TEXT, expected_code=_TEXT, detail=_TEXT),
}  # fmt: skip


class NativeIds(Protocol):
    """How the writers name things."""

    def account(self, account: int) -> str:
        """Native id of an account."""

    def post(self, number: int, account: int, second: int, kind: int = POST) -> str:
        """Native id of a post of a kind."""

    def item(self, number: int, outlet: int, second: int) -> str:
        """Native id of an item."""

    def states_deletions(self, platform: int) -> bool:
        """Whether a platform's files can say that a post is gone."""


class Ledger:
    """What must be noted while the days pass, because nobody keeps the posts.

    Attributes:
        post_counts: Posts by platform and day.
        seen_counts: Those of them that the collection saw.
        seen_uses: Numbers of the posts with a trend that were seen.
    """

    def __init__(self, simulation: Simulation, collection: Collection, names: Names, ids: NativeIds) -> None:
        self._simulation, self._collection, self._names, self._ids = simulation, collection, names, ids
        self.post_counts = np.zeros((len(PLATFORMS), simulation.size.day_count), dtype=np.int64)
        self.seen_counts = np.zeros_like(self.post_counts)
        self._uses: list[Ints] = []
        self._rows: dict[str, list[dict[str, Any]]] = {"sponsored_posts": [], "deletions": [], "items": []}
        months = len({day_of(day).replace(day=1) for day in range(simulation.size.day_count)})
        shape = (len(PLATFORMS), months, len(simulation.niches), len(TIERS))
        self._months = sorted({day_of(day).replace(day=1) for day in range(simulation.size.day_count)})
        self._posts_by_cell, self._likes_by_cell = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
        self._concentration = TrueConcentration(simulation.accounts, simulation.size.day_count)
        self._accounts_by_cell: list[Ints] = [np.empty(0, dtype=np.int64) for _ in range(months)]

    def note(self, day: Day, filed: Filed) -> None:
        """Note a day that happened and what was seen of it."""
        accounts, posts = self._simulation.accounts, day.posts
        platform = accounts.platform[posts.account]
        np.add.at(self.post_counts, (platform, np.full(len(posts), day.day)), 1)
        first = filed.posts.take(~filed.is_repeat)
        np.add.at(self.seen_counts, (accounts.platform[first.account], first.second // DAY), 1)
        self._uses.append(first.number[first.trend != NOBODY])
        month = self._months.index(day_of(day.day).replace(day=1))
        tiers = tiers_of(accounts.followers(posts.account, posts.second / DAY))
        cells = (platform, np.full(len(posts), month), posts.niche, tiers)
        np.add.at(self._posts_by_cell, cells, 1)
        np.add.at(self._likes_by_cell, cells, posts.like_count)
        keys = (posts.account * len(self._simulation.niches) + posts.niche) * len(TIERS) + tiers
        self._accounts_by_cell[month] = np.unique(np.concatenate([self._accounts_by_cell[month], keys]))
        self._concentration.note(day)
        self._note_rows(day, filed, first)

    def _note_rows(self, day: Day, filed: Filed, first: Posts) -> None:
        accounts, ids, outlets = self._simulation.accounts, self._ids, self._simulation.outlets
        paid = first.take(first.sponsor != NOBODY)
        for number, account, second, brand, disclosure, language in zip(
            *(getattr(paid, name).tolist() for name in ("number", "account", "second", "sponsor", "disclosure", "language")),
            strict=True,
        ):
            self._rows["sponsored_posts"].append({
                "platform": PLATFORMS[accounts.platform[account]], "native_id": ids.post(number, account, second),
                "account_native_id": ids.account(account), "brand": outlets[brand].name, "disclosure": DISCLOSURES[disclosure],
                "language": LANGUAGES[language], "published_at": moment(second),
            })  # fmt: skip
        gone = filed.deleted
        columns = (gone.number, gone.account, gone.second, gone.kind)
        for number, account, second, kind in zip(*(column.tolist() for column in columns), strict=True):
            self._rows["deletions"].append({
                "platform": PLATFORMS[accounts.platform[account]], "native_id": ids.post(number, account, second, kind),
                "account_native_id": ids.account(account), "deleted_on": day_of(day.day),
                "is_stated": ids.states_deletions(int(accounts.platform[account])),
            })  # fmt: skip
        listed = set(filed.items.number.tolist())
        told = day.items.take(day.items.trend != NOBODY)
        for row in range(len(told)):
            outlet, number, credit = (int(values[row]) for values in (told.outlet, told.number, told.credit))
            author = int(told.credit_account[row])
            is_credited = credit != NOBODY
            self._rows["items"].append({
                "platform": outlets[outlet].source, "native_id": ids.item(number, outlet, int(told.second[row])),
                "outlet": outlets[outlet].name, "outlet_class": outlets[outlet].outlet_class,
                "tag": self._simulation.trends[int(told.trend[row])].tag, "published_at": moment(int(told.second[row])),
                "is_reprint": bool(told.original[row] != NOBODY),
                "credit_platform": PLATFORMS[accounts.platform[author]] if is_credited else None,
                "credit_native_id": ids.post(credit, author, int(told.credit_second[row])) if is_credited else None,
                "is_observed": number in listed,
            })  # fmt: skip

    def tables(self, planted: Sequence[Fault]) -> dict[str, pa.Table]:
        """All tables of the truth, once every day has been noted."""
        rows = {
            **self._rows, "accounts": self._accounts(), "niches": self._niches(), "niche_events": self._niche_events(),
            "moves": self._moves(), "posts_count": self._posts_count(), "attention_months": self._attention_months(),
            "concentration_months": self._concentration.rows(),
            "planted_faults": [asdict(fault) for fault in planted],
        }  # fmt: skip
        tables = {name: pa.Table.from_pylist(found, schema=SCHEMAS[name]) for name, found in rows.items()}
        tables["adoptions"] = self._adoptions()
        tables["trends"] = self._trends(tables["adoptions"])
        return tables

    def _accounts(self) -> list[dict[str, Any]]:
        simulation, accounts, ids = self._simulation, self._simulation.accounts, self._ids
        everyone = np.arange(accounts.count)
        start, end = accounts.followers(everyone, 0.0), accounts.followers(everyone, float(simulation.size.day_count))
        has_followers = accounts.platform != PLATFORMS.index("reddit")
        niches = [niche.name for niche in simulation.niches]
        found = []
        for account in range(accounts.count):
            shown, linked = bool(has_followers[account]), int(accounts.links_to[account])
            changes, second = int(accounts.niche_changes_day[account]), int(accounts.second_niche[account])
            found.append({
                "platform": PLATFORMS[accounts.platform[account]], "native_id": ids.account(account), "handle": self._names.handles[account],
                "person": int(accounts.person[account]), "niche": niches[accounts.niche[account]],
                "later_niche": niches[accounts.later_niche[account]], "niche_changed_on": _day(changes),
                "second_niche": niches[second] if second != NOBODY else None, "second_share": float(accounts.second_share[account]),
                "actor_class": ACTOR_CLASSES[accounts.actor_class[account]],
                "tier_start": tier_of(int(start[account])) if shown else None, "tier_end": tier_of(int(end[account])) if shown else None,
                "followers_start": int(start[account]) if shown else None, "followers_end": int(end[account]) if shown else None,
                "daily_rate": float(accounts.daily_rate[account]), "opened_on": day_of(int(accounts.opened_day[account])),
                "closed_on": _day(int(accounts.closed_day[account])), "collected_from": day_of(int(accounts.collected_day[account])),
                "reply_back_rate": float(accounts.reply_back_rate[account]),
                "reply_back_median_hours": float(accounts.reply_back_hours[account]),
                "engagement_rate": float(accounts.engagement_rate[account]),
                "linked_native_id": ids.account(linked) if linked != NOBODY else None,
                "is_link_mutual": linked != NOBODY and int(accounts.links_to[linked]) == account,
                "post_count": int(self._collection.made_count[account]), "observed_post_count": int(self._collection.seen_count[account]),
            })  # fmt: skip
        return found

    def _niches(self) -> list[dict[str, Any]]:
        return [
            {"niche": niche.name, "tags": list(niche.tags), "born_on": day_of(niche.born_day), "died_on": _day(niche.dies_day)}
            for niche in self._simulation.niches
        ]

    def _niche_events(self) -> list[dict[str, Any]]:
        niches = self._simulation.niches
        return [
            {
                "niche": niches[event.niche].name, "event": event.event, "happened_on": day_of(event.day),
                "other_niche": niches[event.other].name if event.other != NOBODY else None,
            }
            for event in self._simulation.niche_events
        ]  # fmt: skip

    def _moves(self) -> list[dict[str, Any]]:
        platform, ids = self._simulation.accounts.platform, self._ids
        return [
            {
                "person": move.person, "from_platform": PLATFORMS[platform[move.from_account]], "from_native_id": ids.account(move.from_account),
                "to_platform": PLATFORMS[platform[move.to_account]], "to_native_id": ids.account(move.to_account), "moved_on": day_of(move.day),
            }
            for move in self._simulation.moves
        ]  # fmt: skip

    def _posts_count(self) -> list[dict[str, Any]]:
        return [
            {
                "platform": PLATFORMS[platform], "day": day_of(day), "post_count": int(self.post_counts[platform, day]),
                "observed_post_count": int(self.seen_counts[platform, day]),
            }
            for platform in range(len(PLATFORMS))
            for day in range(self.post_counts.shape[1])
        ]  # fmt: skip

    def _attention_months(self) -> list[dict[str, Any]]:
        platforms, niches = self._simulation.accounts.platform, self._simulation.niches
        accounts = np.zeros_like(self._posts_by_cell)
        for month, keys in enumerate(self._accounts_by_cell):
            tier, rest = keys % len(TIERS), keys // len(TIERS)
            account, niche = rest // len(niches), rest % len(niches)
            np.add.at(accounts, (platforms[account], np.full(len(keys), month), niche, tier), 1)
        return [
            {
                "platform": PLATFORMS[cell[0]], "month": self._months[cell[1]], "niche": niches[cell[2]].name, "tier": TIERS[cell[3]],
                "account_count": int(accounts[cell]), "post_count": int(self._posts_by_cell[cell]), "like_count": int(self._likes_by_cell[cell]),
            }
            for cell in map(tuple, np.argwhere(self._posts_by_cell > 0).tolist())
        ]  # fmt: skip

    def _adoptions(self) -> pa.Table:
        simulation, state = self._simulation, self._simulation.adoptions
        accounts = simulation.accounts
        exposed = state.exposed_second < simulation.size.day_count * DAY
        rows = np.flatnonzero(exposed | (state.post != NOBODY))
        account, adopted = state.account[rows], state.post[rows] != NOBODY
        when = np.where(adopted, state.adopted_second[rows], state.exposed_second[rows])
        tiers = tiers_of(accounts.followers(account, when / DAY))
        shown = accounts.platform[account] != PLATFORMS.index("reddit")
        native = {
            one: self._ids.account(one)
            for one in np.unique(np.concatenate([account, state.cause[rows]])).tolist()
            if one != NOBODY
        }
        cause = state.cause[rows].tolist()
        seen = np.isin(state.post[rows], np.concatenate([*self._uses, np.empty(0, dtype=np.int64)]))
        return pa.table({
            "tag": [simulation.trends[one].tag for one in state.trend[rows].tolist()],
            "platform": [PLATFORMS[one] for one in accounts.platform[account].tolist()], "native_id": [native[one] for one in account.tolist()],
            "tier": [TIERS[tier] if is_shown else None for tier, is_shown in zip(tiers.tolist(), shown.tolist(), strict=True)],
            "is_insider": pa.array(state.is_insider[rows]), "exposed_at": _instants(state.exposed_second[rows]),
            "adopted_at": _instants(np.where(adopted, state.adopted_second[rows], NEVER)),
            "cause_platform": [PLATFORMS[accounts.platform[one]] if one != NOBODY else None for one in cause],
            "cause_native_id": [native[one] if one != NOBODY else None for one in cause], "is_observed": pa.array(seen & adopted),
        }, schema=SCHEMAS["adoptions"])  # fmt: skip

    def _trends(self, adoptions: pa.Table) -> pa.Table:
        simulation = self._simulation
        niches, outlets = simulation.niches, simulation.outlets
        state, accounts = simulation.adoptions, simulation.accounts
        by_tag: dict[str, list[str | None]] = {}
        shown = adoptions.filter(adoptions["adopted_at"].is_valid())
        for tag, tier in zip(shown["tag"].to_pylist(), shown["tier"].to_pylist(), strict=True):
            by_tag.setdefault(tag, []).append(tier)
        classes = np.array([outlet.outlet_class for outlet in outlets])
        found = []
        for number, trend in enumerate(simulation.trends):
            tiers = by_tag.get(trend.tag, [])
            rows = np.flatnonzero((state.trend == number) & (state.post != NOBODY))
            first = rows[np.lexsort((state.post[rows], state.adopted_second[rows]))][:1].tolist()
            origin = int(state.account[first[0]]) if first else NOBODY
            second = int(state.adopted_second[first[0]]) if first else NEVER
            printed = simulation.press.printed_second[number]
            begins = simulation.world.observation.starts_day * DAY
            found.append({
                "tag": trend.tag, "words": trend.words, "alias": trend.alias, "true_class": trend.true_class, "niche": niches[trend.niche].name,
                "born_at": moment(trend.born_second), "direction": trend.direction, "media_direction": trend.media_direction,
                "sponsor": outlets[trend.sponsor].name if trend.sponsor != NOBODY else None, "event": trend.event,
                "origin_platform": PLATFORMS[accounts.platform[origin]] if origin != NOBODY else None,
                "origin_native_id": self._ids.account(origin) if origin != NOBODY else None,
                "origin_tier": tier_of(int(accounts.followers(np.array([origin]), second / DAY)[0])) if origin != NOBODY else None,
                "origin_niche": niches[int(accounts.niches_on(np.array([origin]), second // DAY)[0])].name if origin != NOBODY else None,
                "origin_at": moment(second) if origin != NOBODY else None, "adopter_count": len(tiers),
                **{f"{tier or 'unknown'}_adopter_count": tiers.count(tier) for tier in (*TIERS, None)},
                "media_item_count": int((printed[classes == "media"] < NEVER).sum()),
                "first_media_at": _first(printed[classes == "media"]), "first_brand_at": _first(printed[classes == "brand"]),
                "is_begun_before_coverage": second < begins,
            })  # fmt: skip
        return pa.Table.from_pylist(found, schema=SCHEMAS["trends"])


def _day(index: int) -> date | None:
    return day_of(index) if index < NEVER else None


def _first(seconds: Ints) -> datetime | None:
    return moment(int(seconds.min())) if len(seconds) and seconds.min() < NEVER else None


def _instants(seconds: Ints) -> pa.Array:
    known = seconds < NEVER
    return pa.array(np.where(known, (seconds + START_SECONDS) * 1_000_000, 0), mask=~known).cast(pa.int64()).cast(INSTANT)
