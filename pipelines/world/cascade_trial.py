"""One world taken through the models of trends and contacts in memory, with its true causes beside it. Judges nothing, estimates nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import md5
from typing import Final

import numpy as np
import pyarrow as pa

from pipelines.analysis.contracts import NICHE_ASSIGNMENTS
from pipelines.world.drawn import FIRST_DAY, FOLLOW, LIKE, NOBODY, PLATFORMS, POST, QUOTE, REPLY, REPOST, START_SECONDS, Ints
from pipelines.world.landing import Landed, keys
from pipelines.world.native.files import Filed
from pipelines.world.observation import Collection, collected
from pipelines.world.people import Graph
from pipelines.world.placebos import Placebo
from pipelines.world.simulate import Simulation, simulate_planned
from pipelines.world.trial import landed
from pipelines.world.warehouse import landed_schema, shared_warehouse
from pipelines.world.worlds import SIZES, WORLDS, Size

EXCHANGED: Final = (
    "int_trend_candidates",
    "int_trend_adoptions",
    "int_trend_timelines",
    "int_trend_contacts",
    "int_trend_adopter_contacts",
    "int_mainstream_matches",
    "int_mainstream_credits",
)
SMALL_GRAPH: Final = Size(
    day_count=80, account_count=1_500, trend_count=30, niche_count=6, daily_rate=0.6, insider_share=0.5, outsider_share=0.14,
    platform_count=3, reaction_rate=0.0,
)  # fmt: skip
"""Three platforms with a graph and dense trends: the least on which flows can be judged over many seeds."""
_TYPES: Final = {REPLY: "reply", REPOST: "repost", QUOTE: "quote"}


@dataclass(frozen=True)
class CascadeTrial:
    """A world and what the models say of its trends and contacts.

    Attributes:
        exchanged: ``EXCHANGED``.
        niches: ``niche_assignments`` of every month, as the world has them on its first day.
        truth: trend_key, account_key, cause_key (NULL: it found the trend by itself), adopted_second, is_observed: one row a true adoption.
    """

    exchanged: Mapping[str, pa.Table]
    niches: pa.Table
    truth: pa.Table


def run_cascade_trial(
    world: str,
    seed: int,
    size: Size = SIZES["small"],
    *,
    loss: float | None = None,
    follows: str = "all",
    changed: Placebo = lambda _, rows: rows,
) -> CascadeTrial:
    """Let a world happen, collect it, and find its trends and who knew whom.

    Args:
        world: Name of a world.
        seed: Of all its draws.
        size: How large it is.
        loss: Share of posts lost at random; as in the world when None.
        follows: ``all``: the whole graph is known from the first day on; ``told``: what the platform that tells follows told; ``none``.

        changed: What is done to the landed posts and items, such as links that are dealt.

    Raises:
        KeyError: unknown world.
        RenderError: dbt cannot compile the models.
    """
    plan = WORLDS[world]
    if loss is not None:
        plan = replace(plan, observation=replace(plan.observation, loss=loss))
    simulation = simulate_planned(plan, "cascades", size, seed)
    collection = Collection(simulation)
    filed = [collection.see(day) for day in simulation.days()]
    rows = changed(simulation, landed(simulation, filed)) | _interactions(simulation, filed)
    if follows == "all" and simulation.graph is not None:
        rows |= _follows_of_graph(simulation.accounts.platform, simulation.graph)
    elif follows == "told":
        rows |= _told_follows(simulation, filed)
    return CascadeTrial(shared_warehouse(EXCHANGED, ()).exchange(rows), _niches(simulation), _truth(simulation, filed))


def _instants(seconds: Ints) -> pa.Array:
    return pa.array((seconds + START_SECONDS) * 1_000_000, pa.timestamp("us")).cast(pa.timestamp("us", tz="UTC"))


def _table(name: str, platform: str, moments: Ints, columns: Mapping[str, object]) -> pa.Table:
    schema, days = landed_schema(name), _instants(moments).cast(pa.date32())
    given = {
        "platform": platform, "observed_at": _instants(moments), "ts_quality": "exact", "collection_method": "synthetic",
        "source_format": "world", "source_hash": "world", "landed_night": days, "night": days, "day": days, **columns,
    }  # fmt: skip
    arrays = []
    for field in schema:
        value = given.get(field.name)
        if value is None:
            arrays.append(pa.nulls(moments.size, field.type))
        elif isinstance(value, str):
            arrays.append(pa.repeat(pa.scalar(value, field.type), moments.size))
        else:
            arrays.append(pa.array(value, field.type))
    return pa.table(arrays, schema=schema)


def _interactions(simulation: Simulation, filed: Sequence[Filed]) -> Landed:
    """Replies, reposts, quotes and the credits of posts that were collected, and likes where they are shown; a credit names an account."""
    platform = simulation.accounts.platform
    posts = collected(filed)
    parts: list[tuple[str, Ints, Ints, Ints, Ints, Ints]] = []
    for kind, name in _TYPES.items():
        rows = posts.take((posts.kind == kind) & (posts.parent != NOBODY))
        parts.append((name, rows.account, rows.parent_account, rows.number, rows.parent, rows.stated_second))
    rows = posts.take((posts.kind == POST) & (posts.credit != NOBODY))
    rows = rows.take(platform[rows.credit] == platform[rows.account])
    parts.append(("mention", rows.account, rows.credit, rows.number, np.full(len(rows), NOBODY), rows.stated_second))
    for day in filed:
        likes = day.reactions.take(day.reactions.kind == LIKE)
        if len(likes):
            parts.append(("like", likes.account, likes.target_account, np.full(len(likes), NOBODY), likes.target, likes.second))
    kinds = np.concatenate([np.full(part[1].size, place) for place, part in enumerate(parts)])
    source, target, post, target_post, moment = (np.concatenate([part[place] for part in parts]) for place in range(1, 6))
    names = np.array([part[0] for part in parts])[kinds]
    number = np.arange(source.size)
    found: Landed = {}
    for place in np.unique(platform[source]).tolist():
        own = np.flatnonzero(platform[source] == place)
        columns = {
            "interaction_key": keys("e", number[own], 9), "interaction_type": names[own], "source_account_key": keys("a", source[own], 6),
            "target_account_key": keys("a", target[own], 6), "interacted_at": _instants(moment[own]),
            "post_key": _known(post[own]), "target_post_key": _known(target_post[own]),
        }  # fmt: skip
        found[PLATFORMS[place], "interactions"] = _table("interactions", PLATFORMS[place], moment[own], columns)
    return found


def _known(numbers: Ints) -> pa.Array:
    return pa.array(keys("p", np.maximum(numbers, 0), 9), pa.string(), mask=numbers == NOBODY)


def _follows(platform: Ints, source: Ints, target: Ints, moment: Ints) -> Landed:
    found: Landed = {}
    number = np.arange(source.size)
    for place in np.unique(platform[source]).tolist():
        own = np.flatnonzero(platform[source] == place)
        columns = {
            "follow_key": keys("f", number[own], 9), "source_account_key": keys("a", source[own], 6),
            "target_account_key": keys("a", target[own], 6), "followed_at": _instants(moment[own]),
        }  # fmt: skip
        found[PLATFORMS[place], "follows"] = _table("follows", PLATFORMS[place], moment[own], columns)
    return found


def _follows_of_graph(platform: Ints, graph: Graph) -> Landed:
    target = np.repeat(np.arange(graph.first.size - 1), np.diff(graph.first))
    return _follows(platform, graph.follower, target, np.zeros(target.size, dtype=np.int64))


def _told_follows(simulation: Simulation, filed: Sequence[Filed]) -> Landed:
    told = [day.reactions.take(day.reactions.kind == FOLLOW) for day in filed]
    source, target, moment = (
        np.concatenate([getattr(day, name) for day in told]) for name in ("account", "target_account", "second")
    )
    return _follows(simulation.accounts.platform, source, target, moment)


def _niches(simulation: Simulation) -> pa.Table:
    """What would be found of niches if nothing went wrong: where each account is in the middle of a month."""
    accounts = simulation.accounts
    account = np.arange(accounts.count)
    first = np.datetime64(FIRST_DAY, "M")
    months = np.arange(first - 1, first + simulation.size.day_count // 28 + 2).astype("datetime64[D]")
    middles = (months - np.datetime64(FIRST_DAY, "D")).astype(np.int64) + 14
    niche = np.concatenate([accounts.niches_on(account, max(int(day), 0)) for day in middles])
    count, times = months.size * account.size, months.size
    return pa.table(
        {
            "month": pa.array(np.repeat(months, account.size), pa.date32()),
            "platform": np.tile(np.array(PLATFORMS)[accounts.platform], times),
            "account_key": np.tile(keys("a", account, 6), times),
            "niche_id": keys("n", niche, 3),
            "membership_strength": np.ones(count),
            "bootstrap_jaccard": np.ones(count),
            "unassigned_reason": pa.nulls(count, pa.string()),
            "method_version": pa.repeat("world", count),
            "params_hash": pa.repeat("world", count),
        }
    ).cast(NICHE_ASSIGNMENTS)


def _truth(simulation: Simulation, filed: Sequence[Filed]) -> pa.Table:
    state = simulation.adoptions
    rows = np.flatnonzero(state.post != NOBODY)
    tags = [trend.tag for trend in simulation.trends]
    cause = state.cause[rows]
    return pa.table(
        {
            "trend_key": [
                md5(f"hashtag|{tags[one]}".encode(), usedforsecurity=False).hexdigest() for one in state.trend[rows].tolist()
            ],
            "account_key": keys("a", state.account[rows], 6),
            "cause_key": pa.array(keys("a", np.maximum(cause, 0), 6), pa.string(), mask=cause == NOBODY),
            "adopted_second": state.adopted_second[rows],
            "is_observed": np.isin(state.post[rows], collected(filed).number),
        }
    )
