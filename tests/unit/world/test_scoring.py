"""The scorer: perfect tables score perfectly, spoilt ones score worse by what was spoilt, and nothing unpublished passes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import yaml

from pipelines.world.scoring import last_lines, over_seeds, score_tables
from pipelines.world.scoring.baselines import BASELINES
from pipelines.world.scoring.linked import Linked, StrangerError, refuse_strangers
from pipelines.world.scoring.rows import SCHEMA, STATES
from pipelines.world.scoring.scorer import MEASURES
from pipelines.world.scoring.targets import OWN_TASKS, TASKS, WANTED
from pipelines.world.worlds import ANY, NONE, TARGET, Observation, World
from tests.unit.world.scored_world import WORLD, Rows, key, planted_tables, published, published_tables, truth

MARTS = Path(__file__).parents[3] / "dbt_project" / "models" / "marts"
Spoil = Callable[[Rows], None]


def _scores(
    published_rows: Rows, truth_rows: Rows | None = None, world: World = WORLD, **more: Any
) -> dict[tuple[str, str], dict[str, Any]]:
    table = score_tables(published_tables(published_rows), planted_tables(truth_rows or truth()), key, world=world, **more)
    return {(row["metric"], row["estimator"]): row for row in table.to_pylist()}


PERFECT = {
    "wrong pooled claim, large_creators": 0.0,
    "wrong claim of origin odds, micro": 0.0,
    "pooled claim has the planted sign, media": 1.0,
    "planted micro lead is claimed, large_creators": 1.0,
    "false among q < .05, large_creators": 0.0,
    "planted leads at q < .05, large_creators": 1.0,
    "median absolute error of lag_days, days": 0.0,
    "coverage of the 90% interval": 1.0,
    "largest deviation of the Kaplan-Meier curve": 0.0,
    "originator in the origin set": 1.0,
    "planted trends without a verdict": 0.0,
    "distance of credibility from the share of originators": 0.0,
    "niche of the verdict": 1.0,
    "tier of the verdict": 1.0,
    "platform of the verdict": 1.0,
    "AMI of niche_members with the planted niches": 1.0,
    "members with a niche": 1.0,
    "F1 of second niches at strength .15": 1.0,
    "AUC of insiders against tourists among adopters of a niche's trends": 1.0,
    "planted creators that are suspected": 0.0,
    "F1 within one window": 1.0,
    "steps in which a niche keeps its id": 1.0,
    "planted shocks that the shock gate holds": 1.0,
    "held shocks that were set off from outside": 1.0,
    "Spearman of the raw rate with the true one": 1.0,
    "relative error of D_2 of posts": 0.0,
    "relative error of D_2 of engagement": 0.0,
    "trends of concentration claimed": 0.0,
    "rates NULL under the threshold": 1.0,
    "a direction of culture claimed where none is planted": 0.0,
    "Spearman with the true reply-back rate": 1.0,
    "true rate inside the 90% interval": 1.0,
    "median error of answer times, log ratio": 0.0,
    "published rows of deleted posts and accounts": 0.0,
    "private accounts named in values or bytes": 0.0,
    "trends of fewer than 20 accounts": 0.0,
    "planted outage days that coverage_days tells": 1.0,
    "other days called an outage": 0.0,
    "pairwise F1": 1.0,
    "planted trends found": 1.0,
    "trends under way at the start that are gated": 1.0,
    "gated as under way that were": 1.0,
    "median absolute error of born_at, days": 0.0,
    "seen adoptions found within the hour": 1.0,
    "found adoptions that are true within the hour": 1.0,
    "tier as of adoption": 1.0,
    "RMSE over the raw rate's, under ten posts": 0.0,
    "precision of the top 100 over the raw rate's": 3.0,
    "mutual links that join accounts": 1.0,
    "joined accounts that are mutually linked": 1.0,
}


def test_perfect_tables_score_perfectly_and_miss_no_target() -> None:
    scores = _scores(published())
    assert {name: scores[name, "published"]["value"] for name in PERFECT} == pytest.approx(PERFECT)
    assert not [name for (name, estimator), row in scores.items() if estimator == "published" and row["status"] == "missed"]


def _each(table: str, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Spoil:
    def spoil(rows: Rows) -> None:
        rows[table] = [row | change(row) for row in rows[table]]

    return spoil


def _without(table: str, is_gone: Callable[[dict[str, Any]], bool]) -> Spoil:
    def spoil(rows: Rows) -> None:
        rows[table] = [row for row in rows[table] if not is_gone(row)]

    return spoil


def _with(table: str, **values: Any) -> Spoil:
    def spoil(rows: Rows) -> None:
        rows[table].append(rows[table][0] | values)

    return spoil


def _later(column: str, **delay: float) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda row: {column: row[column] + timedelta(**delay)}


ORIGINATORS = [key(row["origin_platform"], row["origin_native_id"]) for row in truth()["trends"]]
# What is spoilt, the metric that must say so, and the value that it must have.
SPOILT: list[tuple[Spoil, str, float]] = [
    (_each("ripple_effects", lambda _: {"pooled_claim": TARGET}), "wrong pooled claim, large_creators", 1.0),
    (_each("ripple_effects", lambda _: {"pooled_claim": NONE}), "planted micro lead is claimed, media", 0.0),
    (_each("ripple_effects", lambda _: {"q_value": 0.01}), "false among q < .05, large_creators", 3 / 12),
    (_each("ripple_effects", lambda _: {"evidence_level": 1}), "false among evidence_level >= 1, media", 3 / 12),
    (
        _each("ripple_effects", lambda row: {"precedence_probability": 0.1 if row["label"] < "trend03" else 0.9}),
        "planted leads at q < .05, large_creators",
        6 / 9,
    ),
    (_each("origin_by_tier", lambda _: {"odds_ratio": 0.2}), "wrong claim of origin odds, micro", 1.0),
    (_each("origin_by_tier", lambda _: {"q_value": 0.3}), "planted micro lead is claimed by origin odds", 0.0),
    (_without("trends", lambda row: row["label"] < "trend03"), "planted trends found", 9 / 12),
    (_without("trend_aliases", lambda row: row["label"] == "trend00"), "pairwise F1", 6 / 7),
    # One label too many in a trend of two makes two pairs too many.
    (_with("trend_aliases", alias_label="weekend"), "pairwise F1", 8 / 10),
    (_each("trends", lambda _: {"abstain_reason": None}), "planted shocks that the shock gate holds", 0.0),
    (_each("trends", lambda _: {"abstain_reason": "shock"}), "held shocks that were set off from outside", 2 / 12),
    (_each("trends", lambda _: {"is_left_censored": False}), "trends under way at the start that are gated", 0.0),
    (_each("trends", lambda _: {"is_in_use_before": True}), "gated as under way that were", 1 / 12),
    (_each("trend_origin_verdicts", lambda _: {"abstain_reason": "in_use_before"}), "planted trends without a verdict", 1.0),
    (_with("trends", label="weekend", trend_key="perennial"), "perennial tags without an origin", 0.0),
    (_each("trend_origin_verdicts", lambda _: {"origin_platform": "reddit"}), "platform of the verdict", 0.0),
    (
        _each("trend_origins", lambda row: {"credibility": row["credibility"] and 0.6}),
        "distance of credibility from the share of originators",
        0.4,
    ),
    (_each("trends", _later("born_at", days=3)), "median absolute error of born_at, days", 3.0),
    (_each("mainstream_adoptions", lambda _: {"lag_days": 3.0}), "median absolute error of lag_days, days", 2.0),
    (_each("mainstream_adoptions", lambda _: {"lag_high_days": 4.9}), "coverage of the 90% interval", 0.0),
    (_each("mainstream_adoptions", lambda _: {"lag_days": 9.0}), "largest deviation of the Kaplan-Meier curve", 1.0),
    (_each("trends", lambda _: {"adopter_count": 19}), "trends of fewer than 20 accounts", 12.0),
    (_without("trend_origins", lambda row: row["account_key"] in ORIGINATORS[:3]), "originator in the origin set", 8 / 11),
    (_each("trend_adoptions", _later("adopted_at", hours=2)), "seen adoptions found within the hour", 0.0),
    (_each("trend_adoptions", _later("adopted_at", hours=2)), "found adoptions that are true within the hour", 0.0),
    (_each("trend_adoptions", lambda _: {"tier": "micro_sub1k"}), "tier as of adoption", 24 / 32),
    (_each("trend_origin_verdicts", lambda _: {"origin_tier": "mega"}), "tier of the verdict", 0.0),
    (
        _each(
            "trend_origin_verdicts",
            lambda row: {"origin_niche_id": "id-moss" if row["origin_niche_id"] == "id-clay" else "id-clay"},
        ),
        "niche of the verdict",
        0.0,
    ),
    (_each("niche_members", lambda _: {"niche_id": None}), "members with a niche", 0.0),
    (
        _each("niche_members", lambda row: {"niche_id": f"{row['niche_id']}{row['month'] > date(2026, 7, 1)}"}),
        "steps in which a niche keeps its id",
        2 / 3,
    ),
    (_without("creator_niches", lambda row: row["membership_strength"] < 0.5), "F1 of second niches at strength .15", 0.0),
    (
        _each("creator_niches", lambda _: {"insider_score": None}),
        "AUC of insiders against tourists among adopters of a niche's trends",
        0.5,
    ),
    (_each("creators", lambda _: {"is_suspected_automated": True}), "planted creators that are suspected", 1.0),
    (
        _each("creator_niches", lambda row: {"membership_strength": row["membership_strength"] / 3}),
        "F1 of second niches at strength .15",
        0.0,
    ),
    (_each("niche_events", lambda _: {"event": "contraction"}), "F1 within one window", 0.0),
    (_each("niche_events", lambda _: {"month": date(2026, 6, 1)}), "F1 within one window", 0.0),
    (_each("niche_events", lambda _: {"event": "split"}), "F1 within one window", 0.0),
    (_each("niche_events", lambda _: {"niche_id": "id-clay"}), "F1 within one window", 0.0),
    (_each("niche_members", lambda _: {"niche_id": "id-one"}), "AMI of niche_members with the planted niches", 0.0),
    (
        _each("creator_months", lambda row: {"engagement_count": -row["engagement_count"]}),
        "Spearman of the raw rate with the true one",
        -1.0,
    ),
    (
        _each("decentralisation_months", lambda row: {"hill_2": row["hill_2"] and 1.2 * row["hill_2"]}),
        "relative error of D_2 of posts",
        0.2,
    ),
    (
        _each("decentralisation_months", lambda row: {"hill_2": row["hill_2"] and 0.5 * row["hill_2"]}),
        "relative error of D_2 of engagement",
        0.5,
    ),
    (_each("decentralisation_months", lambda _: {"hhi_unbiased": 0.1}), "rates NULL under the threshold", 0.0),
    (_each("decentralisation_trends", lambda _: {"direction": "concentrating"}), "trends of concentration claimed", 1.0),
    (
        _each("culture_trends", lambda _: {"culture_direction": "fragmenting"}),
        "a direction of culture claimed where none is planted",
        1.0,
    ),
    (
        _each("creator_engagement_months", lambda row: {"engagement_rate_shrunk": row["engagement_rate"]}),
        "RMSE over the raw rate's, under ten posts",
        1.0,
    ),
    (
        _each("creator_engagement_months", lambda row: {"engagement_rate_shrunk": row["engagement_rate"]}),
        "precision of the top 100 over the raw rate's",
        1.0,
    ),
    (
        _each("creator_engagement_months", lambda _: {"engagement_rate_low": 0.0}),
        "distance of the 90% interval's coverage from 90%",
        0.1,
    ),
    (_each("creators", lambda _: {"link_evidence": "none"}), "mutual links that join accounts", 0.0),
    (_each("creators", lambda _: {"link_evidence": "mutual_self_declared"}), "joined accounts that are mutually linked", 1 / 31),
    (_each("coverage_days", lambda _: {"status": "ok"}), "planted outage days that coverage_days tells", 0.0),
    (_each("coverage_days", lambda _: {"status": "outage"}), "other days called an outage", 1.0),
    (_each("niches", lambda _: {"top_tags": ["moss", "gardener007"]}), "private accounts named in values or bytes", 1.0),
    (
        _each("niches", lambda _: {"name": "see https://moss.example/@Gardener003/1 by native-0004"}),
        "private accounts named in values or bytes",
        2.0,
    ),
    (
        _each("niches", lambda _: {"top_tags": ["moss", key("bluesky", "gone-account")]}),
        "published rows of deleted posts and accounts",
        2.0,
    ),
    (
        _each("creator_relation_months", lambda row: {"answered_count": -row["answered_count"]}),
        "Spearman with the true reply-back rate",
        -1.0,
    ),
    (_each("creator_relation_months", lambda _: {"reply_back_rate_high": 0.0}), "true rate inside the 90% interval", 0.0),
    (
        _each("creator_relation_months", lambda row: {"answer_median_hours": 2 * row["answer_median_hours"]}),
        "median error of answer times, log ratio",
        0.6931471805599453,
    ),
    (
        _with("trend_adoptions", account_key=key("bluesky", "gone-account")),
        "published rows of deleted posts and accounts",
        1.0,
    ),
]


@pytest.mark.parametrize(("spoil", "metric", "value"), SPOILT, ids=lambda case: case if isinstance(case, str) else "")
def test_a_metric_tells_what_was_spoilt(spoil: Spoil, metric: str, value: float) -> None:
    rows = published()
    spoil(rows)
    wanted = next(wanted for wanted in WANTED if wanted.metric == metric)
    found = MEASURES[wanted.key](Linked(published_tables(rows), planted_tables(truth()), key, WORLD))
    assert found.value == pytest.approx(value, abs=1e-9)
    assert PERFECT.get(metric) != found.value


def test_levels_are_counted_in_the_world_of_editorial_delay_and_in_no_other() -> None:
    rows = published()
    _each("mainstream_adoptions", lambda row: {"evidence_level": 2 if row["label"] < "trend03" else row["evidence_level"]})(rows)
    name = "trends at evidence_level >= 2 in W3"
    scores = _scores(rows, world=World("W3_editorial", "null", "Made by hand.", media=ANY))
    assert scores[name, "published"]["value"] == pytest.approx(3 / 9)
    assert _scores(rows)[name, "published"]["value"] is None


def test_niches_that_end_at_their_platform_agree_within_it_and_not_over_all() -> None:
    rows = published()
    _each("niche_members", lambda row: {"niche_id": row["niche_id"] + row["platform"]})(rows)
    scores = _scores(rows)
    assert scores["AMI within each platform", "published"]["value"] == pytest.approx(1.0)
    assert (scores["AMI of niche_members with the planted niches", "published"]["value"] or 1.0) < 0.7


def test_an_unseen_adoption_is_not_asked_for_and_an_unplanted_one_counts_against_us() -> None:
    planted = truth()
    planted["adoptions"] = [row | {"is_observed": row["native_id"] != "native-0000"} for row in planted["adoptions"]]
    rows = published()
    _without("trend_adoptions", lambda row: row["account_key"] == key("bluesky", "native-0000"))(rows)
    assert _scores(rows, planted)["seen adoptions found within the hour", "published"]["value"] == 1.0
    planted["adoptions"] = [row for row in planted["adoptions"] if row["native_id"] != "native-0001"]
    found = _scores(rows, planted)["found adoptions that are true within the hour", "published"]
    assert found["value"] == pytest.approx(30 / 31)


def test_names_are_found_in_the_bytes_of_files_and_public_accounts_are_not_private() -> None:
    contents = [("a.parquet", b"\x00\x12gardener005\x00"), ("b.json", b'{"by": "@gardener006@moss.example"}')]
    name = ("private accounts named in values or bytes", "published")
    assert _scores(published(), contents=contents)[name]["value"] == 2.0
    planted = truth()
    planted["accounts"][5]["actor_class"], planted["accounts"][6]["tier_end"] = "brand", "mega"
    assert _scores(published(), planted, contents=contents)[name]["value"] == 0.0


@pytest.mark.parametrize(
    ("planted", "claim", "value"),
    [(NONE, "none", 0), (NONE, "lead_first", 1), (NONE, "target_first", 1), (TARGET, "lead_first", 1), (TARGET, "target_first", 0), (NONE, "abstained", 0), (ANY, "lead_first", None)],
)  # fmt: skip
def test_a_claim_is_wrong_where_the_world_does_not_hold_it_in_either_direction(
    planted: str, claim: str, value: float | None
) -> None:
    rows = published()
    _each("ripple_effects", lambda _: {"pooled_claim": claim})(rows)
    row = _scores(rows, world=replace(WORLD, large=planted))["wrong pooled claim, large_creators", "published"]
    assert row["value"] == value
    assert row["status"] == ("measured" if value is not None else "not_applicable")


def test_a_target_is_looser_where_posts_are_lost() -> None:
    rows = published()
    _without("trends", lambda row: row["label"] == "trend00")(rows)
    planted = truth()
    planted["trends"] = [row | {"origin_platform": "reddit"} if row["tag"] == "trend01" else row for row in planted["trends"]]
    complete = _scores(rows, planted)["platform of the verdict", "published"]
    lossy = _scores(rows, planted, replace(WORLD, observation=Observation(loss=0.3)))["platform of the verdict", "published"]
    assert complete["value"] == lossy["value"] == pytest.approx(0.9)
    assert (complete["status"], lossy["status"]) == ("missed", "met")


def test_every_task_of_the_list_appears_and_nothing_unpublished_has_a_value_or_passes() -> None:
    table = score_tables({}, planted_tables(truth()), key, world=WORLD)
    assert table.schema == SCHEMA
    rows = table.to_pylist()
    assert {row["task"] for row in rows} == {*TASKS, *OWN_TASKS}
    assert {row["status"] for row in rows} == {"not_published", "not_applicable"} <= set(STATES)
    assert all(row["value"] is None and row["note"] for row in rows)


def test_what_is_not_measured_needs_a_column_that_no_mart_has_and_what_is_measured_needs_none() -> None:
    columns = {
        f"{model['name']}.{column['name']}"
        for file in MARTS.rglob("*__*.yml")
        for model in yaml.safe_load(file.read_text()).get("models", [])
        for column in model.get("columns", [])
    }
    assert "trends.label" in columns
    for wanted in WANTED:
        missing = set(wanted.needs) - columns
        if wanted.key in MEASURES:
            assert not missing, f"{wanted.metric} is measured from columns that no mart has"
        elif not wanted.elsewhere:
            assert missing, f"the marts now have {wanted.needs}: write how {wanted.metric} is measured"
    assert not {column for baseline in BASELINES for column in baseline.needs} - columns
    assert {baseline.key for baseline in BASELINES} | set(MEASURES) <= {wanted.key for wanted in WANTED}


def test_a_withheld_table_is_said_to_be_withheld_and_why() -> None:
    rows = published()
    del rows["ripple_effects"]
    scores = _scores(rows, withheld={"ripple_effects": "W1_rate_confounded claims too often"})
    row = scores["wrong pooled claim, large_creators", "published"]
    assert (row["status"], row["value"]) == ("withheld", None)
    assert "W1_rate_confounded" in row["note"]
    assert scores["wrong pooled claim, large_creators", "naive_first"]["status"] == "measured"
    assert last_lines(score_tables(published_tables(rows), planted_tables(truth()), key, world=WORLD, withheld={"ripple_effects": "no"}))[0] == (
        "micro creators first against large creators: withheld"
    )  # fmt: skip


def test_the_last_lines_compare_what_was_planted_with_what_was_found() -> None:
    rows = published()
    _without("trends", lambda row: row["label"] == "trend00")(rows)
    lines = last_lines(score_tables(published_tables(rows), planted_tables(truth()), key, world=WORLD))
    assert len(lines) <= 8
    assert lines[0] == "micro creators first against large creators: planted yes, claimed yes (0.80, 95% 0.70..0.90, 12 trends)"
    assert lines[2] == "trends planted 12: found 11"
    assert lines[3] == "shocks planted 1: gated 1; under way at the start 1: gated 1"
    assert lines[-1] == "17 scores not published yet"
    assert lines[4] == "niches planted 2: AMI 1.00 over 100% of members"


def test_the_truth_of_another_secret_or_seed_is_refused() -> None:
    tables, planted = published_tables(published()), planted_tables(truth())
    refuse_strangers(Linked(tables, planted, key, WORLD))
    with pytest.raises(StrangerError, match="secret"):
        refuse_strangers(Linked(tables, planted, lambda platform, native_id: key(platform, native_id + "x"), WORLD))
    other = truth()
    other["adoptions"] = [row for row in other["adoptions"] if row["native_id"] < "native-0010"]
    with pytest.raises(StrangerError, match=r"of 384 .* knows 120"):
        refuse_strangers(Linked(tables, planted_tables(other), key, WORLD))


def _seeds(values: Sequence[float | None]) -> dict[str, Any]:
    tables = []
    for value in values:
        row = dict.fromkeys(SCHEMA.names) | {
            "task": "False positives", "metric": "wrong", "estimator": "published", "value": value, "unit_count": 1, "target_value": 0.05, "comparison": "<=",
            "status": "measured" if value is not None else "not_applicable", "note": None if value is not None else "nothing here",
        }  # fmt: skip
        tables.append(pa.Table.from_pylist([row], schema=SCHEMA))
    found: dict[str, Any] = over_seeds(tables).to_pylist()[0]
    return found


def test_rates_over_seeds_have_exact_intervals_and_a_one_sided_bound() -> None:
    row = _seeds([0.0] * 24)
    assert (row["value"], row["seed_count"], row["status"]) == (0.0, 24, "met")
    assert row["high"] == pytest.approx(1 - 0.025 ** (1 / 24))
    assert row["upper_bound"] == pytest.approx(1 - 0.05 ** (1 / 24))
    assert _seeds([1.0] + [0.0] * 9)["status"] == "missed"


def test_other_means_over_seeds_have_students_interval_and_skip_seeds_without_a_value() -> None:
    row = _seeds([0.2, 0.4, None])
    assert (row["value"], row["seed_count"]) == (pytest.approx(0.3), 2)
    assert row["high"] - 0.3 == pytest.approx(12.7062 * np.std([0.2, 0.4], ddof=1) / np.sqrt(2), rel=1e-4)
    assert row["upper_bound"] is None
    empty = _seeds([None, None])
    assert (empty["value"], empty["status"], empty["note"]) == (None, "not_applicable", "nothing here")


def test_in_a_world_without_events_every_told_event_is_a_false_one() -> None:
    quiet = truth() | {"niche_events": []}
    scores = _scores(published(), quiet)
    assert scores["false events per niche-month in W13", "published"]["value"] == 1 / 8
    assert scores["F1 within one window", "published"]["status"] == "not_applicable"


def test_a_unit_that_was_taken_up_with_a_trend_is_no_spelling_of_it() -> None:
    rows = published()
    _with("trend_aliases", alias_label="soap.example", alias_type="domain", alias_kind="co_adopted")(rows)
    assert _scores(rows)["pairwise F1", "published"]["value"] == 1.0
