"""Replies of a simulated world, through the project's own SQL, to what relational influence is measured from. For tests only."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import duckdb
import numpy as np
import pyarrow as pa

from pipelines.analysis.relational_contracts import EXCHANGE
from pipelines.world.drawn import DAY, PLATFORMS, POST, REPLY, START_SECONDS, Posts, tiers_of
from pipelines.world.landing import keys
from pipelines.world.observation import Collection
from pipelines.world.simulate import simulate_planned
from pipelines.world.warehouse import Project
from pipelines.world.worlds import named

BUILT: Final = (
    "int_interaction_months", "int_account_months", "int_relation_horizons", "int_relation_touched_months", "int_inbound_replies",
    "int_response_months", "int_relation_months",
)  # fmt: skip
_STATES_NOBODY: Final = ("reddit",)
_TIERS: Final = ("micro", "mid", "macro", "mega")
_MODELS: Final = """
create table int_posts as
select platform, post_key, account_key, post_type, root_post_key, published_at, published_at::date as event_day from given;
create table int_interactions as
select
    platform, 'reply' as interaction_type, post_key, parent_post_key as target_post_key, account_key as source_account_key,
    case when states_whom then parent_account_key end as stated_target_account_key,
    case when states_whom or parent_post_key in (select post_key from given) then parent_account_key end as target_account_key,
    published_at as interacted_at, 'exact' as ts_quality, published_at::date as event_day
from given where parent_post_key is not null;
create table int_post_metrics as
select post_key, comment_count, (select max(published_at) from given) as observed_at from given where post_type = 'post';
create table int_account_days as
select
    platform, account_key, published_at::date as event_day, count(*) as own_post_count, max(published_at) as last_post_at, max(published_at) as last_own_post_at,
    arg_max(tier, published_at) as tier_at_last_own_post
from given group by all;
create table int_touched_months as select distinct date_trunc('month', event_day)::date as month from int_account_days;
"""


@dataclass(frozen=True)
class RelationWorld:
    """What is seen of a world's replies.

    Attributes:
        exchange: The tables that the analysis reads.
        truth: account_key, tier, reply_back_rate, reply_back_median_hours.
        direct: What a pass over the posts in Python says: account_key, inbound and answered counts, whole calendar, before any loss.
    """

    exchange: dict[str, pa.Table]
    truth: pa.Table
    direct: pa.Table


def relation_world(project: Project, size: str, seed: int, *, loss: float = 0.0, has_counters: bool = True) -> RelationWorld:
    """Simulate a world and take its posts and replies through the models.

    Args:
        project: The rendered dbt project.
        size: Of ``worlds.SIZES``.
        seed: Of all draws.
        loss: Share of posts and replies that the collection loses at random.
        has_counters: Whether posts tell how many replies they had; such counters count what is lost too.
    """
    world, scale = named("W0_exchangeable", size)
    simulation = simulate_planned(replace(world, observation=replace(world.observation, loss=loss)), size, scale, seed)
    accounts, collection = simulation.accounts, Collection(simulation)
    made: list[Posts] = []
    seen = []
    for day in simulation.days():
        made.append(day.posts)
        filed = collection.see(day)
        seen.append(filed.posts.take(~filed.is_repeat))
    whole, found = (
        {name: np.concatenate([getattr(posts, name) for posts in parts]) for name in Posts.__slots__} for parts in (made, seen)
    )
    top = whole["number"][whole["kind"] == POST]
    is_inbound = (whole["kind"] == REPLY) & np.isin(whole["parent"], top)
    counts = np.bincount(whole["parent"][whole["kind"] == REPLY], minlength=int(whole["number"].max()) + 1)
    inbound = np.bincount(whole["parent_account"][is_inbound], minlength=accounts.count)
    answers = (whole["kind"] == REPLY) & np.isin(whole["parent"], whole["number"][is_inbound])
    answered = np.bincount(whole["account"][answers], minlength=accounts.count)
    # A reply's thread is that of what it answers; a post's is its own.
    root = np.arange(counts.size)
    for _ in range(2):
        root[whole["number"]] = np.where(whole["kind"] == REPLY, root[np.maximum(whole["parent"], 0)], whole["number"])
    kept = np.isin(found["kind"], (POST, REPLY))
    found = {name: column[kept] for name, column in found.items()}
    platform = np.array(PLATFORMS)[accounts.platform]
    is_reply = found["kind"] == REPLY
    followers = accounts.followers(found["account"], found["second"] / DAY)
    given = pa.table({
        "platform": platform[found["account"]], "post_key": keys("p", found["number"], 9), "account_key": keys("a", found["account"], 6),
        "post_type": np.where(is_reply, "reply", "post"), "tier": np.array(_TIERS)[tiers_of(followers)],
        "published_at": pa.array((found["stated_second"] + START_SECONDS) * 1_000_000, pa.timestamp("us", "UTC")),
        "parent_post_key": pa.array(keys("p", np.maximum(found["parent"], 0), 9), mask=~is_reply),
        "root_post_key": pa.array(keys("p", root[found["number"]], 9), mask=~is_reply),
        "parent_account_key": pa.array(keys("a", np.maximum(found["parent_account"], 0), 6), mask=~is_reply),
        "states_whom": ~np.isin(platform[found["account"]], _STATES_NOBODY),
        "comment_count": pa.array(counts[found["number"]], mask=np.full(len(is_reply), not has_counters)),
    })  # fmt: skip
    names = keys("a", np.arange(accounts.count), 6)
    truth = pa.table({
        "account_key": names, "platform": platform, "tier": np.array(_TIERS)[tiers_of(accounts.followers_start)],
        "reply_back_rate": accounts.reply_back_rate, "reply_back_median_hours": accounts.reply_back_hours,
    })  # fmt: skip
    return RelationWorld(
        built(project, {"given": given}, _MODELS),
        truth,
        pa.table({"account_key": names, "inbound": inbound, "answered": answered}),
    )


def built(project: Project, tables: dict[str, pa.Table], models: str) -> dict[str, pa.Table]:
    """Build the relation models on a database in memory.

    Args:
        project: The rendered dbt project.
        tables: Given tables.
        models: SQL that makes of them the models that the built ones read.
    """
    with duckdb.connect(":memory:", config={"threads": 1}) as connection:
        connection.execute("set TimeZone = 'UTC'; attach ':memory:' as warehouse; use warehouse")
        for name, rows in tables.items():
            connection.register(name, rows)
        connection.execute(models)
        for name in BUILT:
            connection.execute(f"create table {name} as {project.models[name].sql}")
        return {
            name: connection.execute(f"select {', '.join(schema.names)} from {name}").to_arrow_table().cast(schema)
            for name, schema in EXCHANGE.items()
        }
