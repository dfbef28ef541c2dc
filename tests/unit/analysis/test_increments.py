"""Reuse: what is computed again, what is not even loaded, and that the outcome is that of computing everything anew. No formulas."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.analysis import contracts, increments, niche_rows
from pipelines.analysis.increments import Analysis, Partition, row_hashes, slices_by
from pipelines.analysis.niche_rows import NicheTables
from pipelines.analysis.niches import discover_niche_months
from pipelines.analysis.precedence import KernelParameters
from pipelines.analysis.timeline import TimelineParameters
from pipelines.analysis.trend_references import spans
from pipelines.analysis.trend_rows import TrendPartition, TrendTables, partitioned, read_trends
from pipelines.analysis.trends import TrendParameters, analyse_trend_partitions
from tests.unit.analysis.exchange_world import simulated

# Few draws: these tests are about reuse.
QUICK = TrendParameters(
    smallest_span_count=2,
    kernel=KernelParameters(permutation_count=19, bootstrap_count=20),
    timeline=TimelineParameters(iteration_count=3, adoption_iteration_count=3, adoption_trend_cap=3, bootstrap_count=50),
)


@pytest.fixture(scope="module")
def world() -> TrendTables:
    return simulated(9, 3, micro_count=25, macro_count=10)


def parts(candidates: pa.Table, adoptions: pa.Table, timelines: pa.Table) -> dict[str, TrendPartition]:
    return partitioned(TrendTables(candidates, adoptions, timelines))


@pytest.fixture(scope="module")
def first(world: TrendTables) -> Analysis:
    return analyse_trend_partitions(parts(world.candidates, world.adoptions, world.timelines), QUICK)


def unread(partitions: dict[str, TrendPartition], allowed: set[str]) -> dict[str, TrendPartition]:
    """Partitions that refuse to be loaded, but for some."""

    def refuse() -> TrendTables:
        raise AssertionError("an unchanged partition was loaded")

    return {key: part if key in allowed else replace(part, load=refuse) for key, part in partitions.items()}


def assert_same(one: Analysis, other: Analysis) -> None:
    for name in one.tables:
        assert one.tables[name].equals(other.tables[name]), name
    for name in one.state:
        assert one.state[name].equals(other.state[name]), name
        assert one.state[name].schema == contracts.STATE[name]


def test_nothing_new_computes_and_loads_nothing(world: TrendTables, first: Analysis) -> None:
    partitions = parts(world.candidates, world.adoptions, world.timelines)
    second = analyse_trend_partitions(unread(partitions, set()), QUICK, first.state)
    assert set(second.computed.values()) == {0}
    assert_same(first, second)


def test_one_more_post_in_one_trend_computes_that_trend_and_gives_what_computing_all_anew_gives(
    world: TrendTables, first: Analysis
) -> None:
    trend = world.candidates["trend_key"].to_pylist()[-1]
    rows = world.timelines.filter(pc.equal(world.timelines["trend_key"], trend)).slice(0, 1)
    born = world.candidates["born_at"].to_pylist()[-1]
    later = pa.table(
        [rows[name] if name != "published_at" else pa.array([born + timedelta(days=20)]) for name in rows.schema.names],
        names=rows.schema.names,
    ).cast(rows.schema)
    partitions = parts(world.candidates, world.adoptions, pa.concat_tables([world.timelines, later]))
    # The last month's references span two trends: its own and the month before may be read.
    second = analyse_trend_partitions(unread(partitions, set(sorted(partitions)[-2:])), QUICK, first.state)
    assert second.computed["trends"] == 1
    assert 0 < second.computed["comparisons"] <= 6
    assert_same(second, analyse_trend_partitions(partitions, QUICK))


def test_trends_that_come_night_by_night_give_what_all_at_once_gives(world: TrendTables, first: Analysis) -> None:
    keys = world.candidates["trend_key"].to_pylist()
    state = None
    for count in (2, 5, 9):
        known = pa.array(keys[:count])
        tables = [
            table.filter(pc.is_in(table["trend_key"], value_set=known))
            for table in (world.candidates, world.adoptions, world.timelines)
        ]
        found = analyse_trend_partitions(parts(*tables), QUICK, state)
        state = found.state
    assert_same(found, first)


def test_a_trend_that_is_gone_leaves_nothing_behind(world: TrendTables, first: Analysis) -> None:
    tables = [
        table.filter(pc.not_equal(table["trend_key"], "t0004")) for table in (world.candidates, world.adoptions, world.timelines)
    ]
    found = analyse_trend_partitions(parts(*tables), QUICK, first.state)
    assert "t0004" not in found.tables["trend_precedence"]["trend_key"].to_pylist()
    assert_same(found, analyse_trend_partitions(parts(*tables), QUICK))


def test_other_parameters_reuse_nothing(world: TrendTables, first: Analysis) -> None:
    other = replace(QUICK, smallest_lead_count=6)
    found = analyse_trend_partitions(parts(world.candidates, world.adoptions, world.timelines), other, first.state)
    assert found.computed["trends"] == world.candidates.num_rows
    assert found.computed["comparisons"] == 3 * world.candidates.num_rows


def test_state_of_an_older_shape_is_computed_anew(world: TrendTables, first: Analysis) -> None:
    older = {name: table.drop_columns([table.schema.names[-1]]) for name, table in first.state.items()}
    assert_same(analyse_trend_partitions(parts(world.candidates, world.adoptions, world.timelines), QUICK, older), first)


def test_a_closed_periods_span_does_not_reach_into_later_periods() -> None:
    assert spans([5, 9, 4, 2], 8) == [range(2), range(1, 2), range(1, 3), range(1, 4)]
    assert spans([1, 1], 8) == [range(2), range(2)]
    assert spans([0, 8, 0], 8) == [range(2), range(1, 2), range(1, 3)]


ROWS = st.lists(
    st.tuples(st.sampled_from("ab"), st.one_of(st.none(), st.text(max_size=3)), st.integers(-5, 5)), min_size=1, max_size=8
)


def table_of(rows: list[tuple[str, str | None, int]]) -> pa.Table:
    columns = list(zip(*rows, strict=True))
    return pa.table({"key": pa.array(columns[0]), "text": pa.array(columns[1], pa.string()), "number": pa.array(columns[2])})


@given(rows=ROWS, data=st.data())
def test_hashes_of_rows_ignore_their_order(rows: list[tuple[str, str | None, int]], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(rows))
    columns = ["text", "number"]
    assert row_hashes(table_of(rows), "key", columns) == row_hashes(table_of(shuffled), "key", columns)


@given(rows=ROWS, data=st.data())
def test_a_changed_cell_changes_the_hash_of_its_key_alone(rows: list[tuple[str, str | None, int]], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(rows) - 1))
    key, text, number = rows[place]
    other = [*rows[:place], (key, text, number + 1), *rows[place + 1 :]]
    before, after = (row_hashes(table_of(each), "key", ["text", "number"]) for each in (rows, other))
    assert {name for name in before if before[name] != after[name]} == {key}


@given(rows=ROWS, block=st.integers(1, 4))
def test_hashes_are_the_same_for_texts_and_for_places_in_a_dictionary_and_however_many_rows_are_hashed_at_a_time(
    rows: list[tuple[str, str | None, int]], block: int
) -> None:
    table, columns = table_of(rows), ["text", "number"]
    plain = row_hashes(table, "key", columns)
    placed = table
    for place, name in enumerate(("key", "text")):
        # A dictionary of a whole file has texts that no row of a part has.
        more = (
            pa.concat_arrays([table[name].combine_chunks(), pa.array(["no row has this"])])
            .dictionary_encode()
            .slice(0, len(rows))
        )
        placed = placed.set_column(place, name, more)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(increments, "_BLOCK_ROWS", block)
        assert row_hashes(placed, "key", columns) == plain


@given(rows=ROWS)
def test_rows_of_each_key_keep_their_order(rows: list[tuple[str, str | None, int]]) -> None:
    found = slices_by(table_of(rows), "key")
    wanted: dict[str, list[int]] = {}
    for key, _, number in rows:
        wanted.setdefault(key, []).append(number)
    assert {key: part["number"].to_pylist() for key, part in found.items()} == wanted


def test_trends_are_read_alike_from_texts_and_from_places_in_a_dictionary_and_in_any_order_of_rows(world: TrendTables) -> None:
    timelines = world.timelines.take(pa.array(np.random.default_rng(4).permutation(world.timelines.num_rows)))
    for name in ("trend_key", "account_key"):
        place = timelines.column_names.index(name)
        timelines = timelines.set_column(place, name, timelines[name].dictionary_encode())
    plain, placed = (read_trends(TrendTables(world.candidates, world.adoptions, each)) for each in (world.timelines, timelines))
    assert sum(trend.posts.hours.size for trend in plain) > 1000
    for one, other in zip(plain, placed, strict=True):
        assert (one.key, one.content_hash, one.account_keys) == (other.key, other.content_hash, other.account_keys)
        np.testing.assert_array_equal(one.posts.hours, other.posts.hours)
        np.testing.assert_array_equal(one.posts.bounds, other.posts.bounds)


def months(seed: int, count: int = 3) -> dict[date, Partition[NicheTables]]:
    generator = np.random.default_rng(seed)
    rows = []
    for month in range(count):
        for account in range(60):
            for tag in set(generator.integers(0, 8, 6)):
                values = (
                    date(2026, month + 1, 1),
                    "reddit",
                    f"a{account:02d}",
                    f"n{account % 3}_{tag}",
                    int(1 + generator.integers(3)),
                )
                rows.append(dict(zip(contracts.INT_ACCOUNT_TAG_MONTHS.names, values, strict=True)))
    table = pa.Table.from_pylist(rows, schema=contracts.INT_ACCOUNT_TAG_MONTHS)
    return niche_rows.partitioned(table, contracts.INT_INTERACTION_MONTHS.empty_table())


def test_a_changed_month_is_found_anew_and_the_next_only_where_its_niches_changed() -> None:
    before = months(1)
    first = discover_niche_months(before)

    def refuse() -> NicheTables:
        raise AssertionError("an unchanged month was loaded")

    idle = discover_niche_months({month: replace(part, load=refuse) for month, part in before.items()}, None, first.state)
    assert idle.computed == {"niche_months": 0}
    assert_same(idle, first)
    latest = max(before)
    table = before[latest].load()
    counts = pc.add(table.account_tags["post_count"], 1)
    more = NicheTables(table.account_tags.set_column(4, contracts.INT_ACCOUNT_TAG_MONTHS.field(4), counts), table.interactions)
    after = before | {latest: Partition("changed", lambda: more)}
    second = discover_niche_months(after, None, first.state)
    assert second.computed == {"niche_months": 1}
    anew = discover_niche_months(after)
    assert all(second.tables[name].equals(anew.tables[name]) for name in anew.tables)


def test_a_month_without_an_outcome_of_its_own_change_leaves_the_months_after_it_alone() -> None:
    before = months(2)
    first = discover_niche_months(before)
    earliest = min(before)
    table = before[earliest].load()
    once = table.account_tags.slice(0, 1).to_pylist()[0] | {"account_key": "passer_by", "tag": "once", "post_count": 1}
    grown = pa.concat_tables([table.account_tags, pa.Table.from_pylist([once], schema=contracts.INT_ACCOUNT_TAG_MONTHS)])
    after = before | {earliest: Partition("grown", lambda: NicheTables(grown, table.interactions))}
    second = discover_niche_months(after, None, first.state)
    assert second.computed == {"niche_months": 1}
    assert second.tables["niche_assignments"].equals(first.tables["niche_assignments"])
