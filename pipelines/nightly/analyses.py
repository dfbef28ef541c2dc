"""The analyses of a night, in the order in which they stand on each other. Reads exchange tables and seeds; writes nothing, gates nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from pipelines.analysis import contracts
from pipelines.analysis.adoption_hazards import analyse_hazards
from pipelines.analysis.burst_months import analyse_bursts
from pipelines.analysis.cascade_months import analyse_cascades
from pipelines.analysis.culture_trends import culture_trends
from pipelines.analysis.decentralisation import analyse_decentralisation
from pipelines.analysis.engagement import estimate_engagement
from pipelines.analysis.ethics_months import analyse_ethics_months
from pipelines.analysis.increments import Analysis
from pipelines.analysis.mainstream import analyse_mainstream
from pipelines.analysis.mainstream_rows import beside
from pipelines.analysis.niche_precedence import analyse_niche_pairs
from pipelines.analysis.niches import discover_niche_months
from pipelines.analysis.origin_tables import analyse_origins
from pipelines.analysis.platform_moves import analyse_moves
from pipelines.analysis.platform_precedence import EXCHANGE_TABLES, analyse_platform_pairs
from pipelines.analysis.relational import analyse_relations
from pipelines.analysis.ripple_findings import pool_ripples
from pipelines.analysis.trend_events import events_of_any_type
from pipelines.analysis.trend_shapes import CalendarEvent, analyse_shapes, calendar_of
from pipelines.analysis.trends import analyse_trend_partitions
from pipelines.lake import exchange
from pipelines.lake.paths import DataPaths
from pipelines.nightly.text_rules import read_accuracy
from pipelines.settings import DBT_PROJECT

LEXICON: Final = DBT_PROJECT / "seeds" / "niche_lexicon.csv"
CALENDAR: Final = DBT_PROJECT / "seeds" / "event_calendar.csv"


def read_lexicon() -> pa.Table:
    """Words of well-known scenes, as the seed has them. Raises ArrowInvalid where a row does not fit."""
    types = {name: contracts.NICHE_LEXICON.field(name).type for name in contracts.NICHE_LEXICON.names}
    rows = csv.read_csv(LEXICON, convert_options=csv.ConvertOptions(column_types=types))
    return rows.select(contracts.NICHE_LEXICON.names).cast(contracts.NICHE_LEXICON)


def read_calendar() -> list[CalendarEvent]:
    """Recurring days, as the seed has them. Raises ArrowInvalid where a row does not fit."""
    return calendar_of(csv.read_csv(CALENDAR))


def analyse(paths: DataPaths, stored: Mapping[str, pa.Table]) -> list[Analysis]:
    """Run every analysis on the exchange models.

    Args:
        paths: The data folder.
        stored: What the analyses kept of the last night.

    Returns:
        One outcome each; together they have every derived table.
    """
    platform_days = exchange.read_exchange(paths, "int_platform_days")
    niches = discover_niche_months(exchange.niche_partitions(paths), stored=stored, lexicon=read_lexicon())
    assignments, insiders = niches.tables["niche_assignments"], niches.tables["niche_insiders"]
    niche_outcomes = dict(
        zip(*(niches.state["niche_months"][name].to_pylist() for name in ("month", "outcome_hash")), strict=True)
    )
    culture = Analysis({"culture_trends": culture_trends(niches.tables["culture_windows"])}, {})
    return [
        niches,
        culture,
        *_trends(paths, stored, assignments, insiders, niche_outcomes, platform_days),
        analyse_platform_pairs({name: exchange.read_exchange(paths, name) for name in EXCHANGE_TABLES}, stored=stored),
        analyse_decentralisation(
            exchange.attention_partitions(paths),
            assignments,
            exchange.read_exchange(paths, "int_coverage_months"),
            niche_outcomes,
            stored=stored,
        ),
        analyse_moves(exchange.move_partitions(paths), platform_days, stored=stored),
        analyse_relations(exchange.relation_partitions(paths), stored=stored),
        analyse_ethics_months(
            exchange.ethics_partitions(paths), assignments, read_accuracy(paths.commercial_accuracy), stored=stored
        ),
        estimate_engagement(exchange.engagement_partitions(paths), stored=stored),
    ]


def _trends(
    paths: DataPaths,
    stored: Mapping[str, pa.Table],
    assignments: pa.Table,
    insiders: pa.Table,
    niche_outcomes: Mapping[date, str],
    platform_days: pa.Table,
) -> list[Analysis]:
    """Whatever is said of single trends and of all of them."""
    months = exchange.trend_partitions(paths)
    trends = analyse_trend_partitions(months, stored=stored)
    pairs = analyse_niche_pairs(months, assignments, niche_outcomes, stored=stored)
    author_days = exchange.read_exchange(paths, "int_author_days")
    bursts = analyse_bursts(exchange.burst_partitions(paths), author_days, platform_days, stored=stored)
    shapes = analyse_shapes(
        exchange.shape_partitions(paths),
        assignments,
        niche_outcomes,
        bursts.tables["trend_bursts"],
        read_calendar(),
        pc.min(author_days["event_day"]).as_py(),
        stored=stored,
    )
    told = shapes.tables["trend_shapes"]
    coordinated = told.filter(pc.fill_null(told["is_coordinated"], fill_value=False))["trend_key"].to_pylist()
    around = beside(insiders, platform_days)
    cascades = analyse_cascades(exchange.cascade_partitions(paths), assignments, niche_outcomes, stored=stored)
    mainstream = analyse_mainstream(
        exchange.mainstream_partitions(paths, around),
        trends.tables["trend_precedence"],
        around,
        exchange.read_exchange(paths, "int_linked_accounts"),
        events_of_any_type(trends.state["trends"]),
        stored=stored,
    )
    hazards = analyse_hazards(
        exchange.shape_partitions(paths),
        mainstream.state["mainstream_trends"],
        around,
        assignments,
        niche_outcomes,
        cascades.tables["trend_parents"],
        dict(zip(*(cascades.state["cascade_months"][name].to_pylist() for name in ("month", "input_hash")), strict=True)),
        stored=stored,
    )
    return [
        trends,
        analyse_origins(months, trends.state, assignments, insiders, niche_outcomes, platform_days, stored=stored),
        pairs,
        pool_ripples(trends.state, pairs.state, exchange.read_exchange(paths, "int_trend_flags"), coordinated, stored=stored),
        cascades,
        bursts,
        shapes,
        mainstream,
        hazards,
    ]
