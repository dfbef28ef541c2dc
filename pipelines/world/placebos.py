"""Outlets that have nothing to do with a world's creators, as landed rows: what an analysis must find nothing in. Judges nothing, estimates nothing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import Final

import numpy as np
import pyarrow as pa

from pipelines.world.landing import Landed, landed_items
from pipelines.world.native.names import Names
from pipelines.world.observation import Collection as Collector
from pipelines.world.simulate import Simulation, simulate_planned

Placebo = Callable[[Simulation, Landed], Landed]
ITEMS: Final = "mainstream_items"
_SUBJECT: Final = ("title", "title_terms")
_MICRO_FOLLOWERS: Final = 10_000
_OTHER_SEED: Final = 100_000


def _with(rows: pa.Table, **columns: list[object] | pa.Array | pa.ChunkedArray) -> pa.Table:
    for name, values in columns.items():
        place = rows.schema.get_field_index(name)
        field = rows.schema.field(name)
        is_given = isinstance(values, pa.Array | pa.ChunkedArray)
        rows = rows.set_column(place, field, values if is_given else pa.array(values, field.type))
    return rows


def _items(landed: Landed) -> Iterator[tuple[tuple[str, str], pa.Table]]:
    return ((key, rows) for key, rows in sorted(landed.items()) if key[1] == ITEMS)


def _without_credits(rows: pa.Table) -> pa.Table:
    return _with(rows, credited_post_keys=[[] for _ in range(rows.num_rows)])


def _shock_tags(simulation: Simulation) -> set[str]:
    return {trend.tag for trend in simulation.trends if trend.true_class == "shock"}


def dealt_subjects(simulation: Simulation, landed: Landed) -> Landed:
    """Every outlet keeps its items and their times; what they are about is dealt anew among them, and they link to nothing."""
    return _dealt(simulation, landed, ())


def dealt_subjects_but_shocks(simulation: Simulation, landed: Landed) -> Landed:
    """As :func:`dealt_subjects`, but items about shocks stay, so that outlets' reaction time is that of the world."""
    return _dealt(simulation, landed, _shock_tags(simulation))


def _dealt(simulation: Simulation, landed: Landed, kept: Collection[str]) -> Landed:
    rng = np.random.default_rng([simulation.seed, 41])
    found = dict(landed)
    for key, rows in _items(landed):
        outlets = np.asarray(rows["outlet_key"].to_numpy(zero_copy_only=False))
        is_free = ~np.asarray(_are_about(rows, kept).to_numpy(zero_copy_only=False), dtype=bool)
        order = np.arange(rows.num_rows)
        for outlet in np.unique(outlets):
            own = np.flatnonzero((outlets == outlet) & is_free)
            order[own] = rng.permutation(own)
        found[key] = _without_credits(_with(rows, **{name: rows[name].take(pa.array(order)) for name in _SUBJECT}))
    return found


def foreign_outlets(simulation: Simulation, landed: Landed) -> Landed:
    """The outlets of another seed of the world, writing of that world's trends."""
    return {key: rows for key, rows in landed.items() if key[1] != ITEMS} | _foreign(simulation)[1]


def renamed_outlets(simulation: Simulation, landed: Landed) -> Landed:
    """As :func:`foreign_outlets`, with this world's trends in place of that world's, each for another: one word, two causes. Shocks stay."""
    other, items = _foreign(simulation)
    theirs, ours = ([trend for trend in each.trends if trend.true_class != "shock"] for each in (other, simulation))
    tags = {one.tag: two.tag for one, two in zip(theirs, ours, strict=False)}
    words = {one.words: two.words for one, two in zip(theirs, ours, strict=False)}
    shocks = _shock_tags(simulation)
    found = {key: rows for key, rows in landed.items() if key[1] != ITEMS}
    for key, rows in _items(landed):
        found[key] = _without_credits(rows.filter(_are_about(rows, shocks)))
    for key, rows in _items(items):
        named = rows.filter(_are_about(rows, tags))
        terms = [[tags[row[0]]] for row in named["title_terms"].to_pylist()]
        titles = [title.removeprefix("all about ").rsplit(": ", 1) for title in named["title"].to_pylist()]
        own = [f"all about {words[subject]}: {story}" for subject, story in titles]
        numbers = [f"j{item[1:]}" for item in named["item_key"].to_pylist()]
        named = _with(named, title=own, title_terms=terms, item_key=numbers)
        found[key] = pa.concat_tables([found[key], named]) if key in found else named
    return found


def _are_about(rows: pa.Table, tags: Collection[str]) -> pa.Array:
    return pa.array([any(term in tags for term in terms or ()) for terms in rows["title_terms"].to_pylist()], pa.bool_())


def _foreign(simulation: Simulation) -> tuple[Simulation, Landed]:
    other = simulate_planned(simulation.world, "own", simulation.size, simulation.seed + _OTHER_SEED)
    collector = Collector(other)
    filed = [collector.see(day) for day in other.days()]
    items = landed_items(Names.of(other.seed, other.accounts, other.niches, other.trends, other.outlets), filed)
    # Numbers of posts mean others in this world.
    return other, {key: _without_credits(rows) for key, rows in items.items()}


def late_credits(simulation: Simulation, landed: Landed) -> Landed:
    """Every item about a trend links to the first post about it that is newer than the item, and to nothing else."""
    uses = _uses(simulation, landed)
    found = dict(landed)
    for key, rows in _items(landed):
        newer_posts: list[object] = []
        for terms, at in zip(rows["title_terms"].to_pylist(), rows["published_at"].to_pylist(), strict=True):
            # Of a date the item may lie anywhere in its day.
            newer = [
                post for term in terms or () for moment, post in uses.get(term, ()) if (moment - at).total_seconds() > 86_400
            ]
            newer_posts.append(newer[:1])
        found[key] = _with(rows, credited_post_keys=newer_posts)
    return found


def random_links(simulation: Simulation, landed: Landed, micro_weight: float = 1.0) -> Landed:
    """Every item about a trend links to one of the uses before it: outlets that read of it, and prefer nobody unless told to.

    Args:
        simulation: The world.
        landed: What was collected of it.
        micro_weight: How many times as often a use by an account that began below 10,000 followers is linked to.
    """
    rng = np.random.default_rng([simulation.seed, 43])
    is_micro = simulation.accounts.followers_start < _MICRO_FOLLOWERS
    owner = {
        post: int(account[1:])
        for key, rows in landed.items()
        if key[1] == "posts"
        for post, account in zip(rows["post_key"].to_pylist(), rows["account_key"].to_pylist(), strict=True)
    }
    uses = _uses(simulation, landed)
    found = dict(landed)
    for key, rows in _items(landed):
        links: list[object] = []
        for terms, at in zip(rows["title_terms"].to_pylist(), rows["published_at"].to_pylist(), strict=True):
            older = [post for term in terms or () for moment, post in uses.get(term, ()) if moment < at]
            weights = np.where([is_micro[owner[post]] for post in older], micro_weight, 1.0)
            links.append([str(rng.choice(older, p=weights / weights.sum()))] if older else [])
        found[key] = _with(rows, credited_post_keys=links)
    return found


def late_mentions(simulation: Simulation, landed: Landed) -> Landed:
    """Creators speak of a trend only after the first item about it, whose items link as in :func:`late_credits`."""
    first: dict[str, object] = {}
    for _, rows in _items(landed):
        for terms, at in zip(rows["title_terms"].to_pylist(), rows["published_at"].to_pylist(), strict=True):
            for term in terms or ():
                first[term] = min(first.get(term, at), at)
    for trend in simulation.trends:
        if trend.alias and trend.tag in first:
            first[trend.alias] = first[trend.tag]
    found = dict(landed)
    for key, rows in landed.items():
        if key[1] == "posts":
            tags = [
                tags and [tag for tag in tags if tag not in first or at > first[tag]]
                for tags, at in zip(rows["tags"].to_pylist(), rows["published_at"].to_pylist(), strict=True)
            ]
            found[key] = _with(rows, tags=tags)
    return late_credits(simulation, found)


def _uses(simulation: Simulation, landed: Landed) -> dict[str, list[tuple[object, str]]]:
    """Posts of each planted tag, in the order of time."""
    wanted = {trend.tag for trend in simulation.trends}
    uses: dict[str, list[tuple[object, str]]] = {}
    for key, rows in sorted(landed.items()):
        if key[1] == "posts":
            columns = (rows[name].to_pylist() for name in ("tags", "published_at", "post_key"))
            for tags, at, post in zip(*columns, strict=True):
                for tag in wanted.intersection(tags or ()):
                    uses.setdefault(tag, []).append((at, post))
    return {tag: sorted(posts) for tag, posts in uses.items()}


PLACEBOS: Final[dict[str, Placebo]] = {
    "dealt": dealt_subjects,
    "dealt_but_shocks": dealt_subjects_but_shocks,
    "foreign": foreign_outlets,
    "renamed": renamed_outlets,
    "late_credits": late_credits,
    "late_mentions": late_mentions,
}
