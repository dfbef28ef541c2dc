"""The story of one trend: found by any spelling, counted right, silent where nothing may be said, and safe as a page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from pipelines.commands.trace import bars
from pipelines.publish.trend_page import trend_page
from pipelines.publish.trend_story import OUTSIDE, Facet, NoSuchTrendError, Story, shown_parts, tell
from tests.gates.valid import mart_schemas

BORN = datetime(2026, 8, 1, 6, tzinfo=UTC)
Rows = list[dict[str, Any]]


def _trend(label: str, **other: Any) -> dict[str, Any]:
    row: dict[str, Any] = {
        "trend_key": f"key-{label}",
        "label": label,
        "unit_type": "hashtag",
        "born_at": BORN,
        "window_ends_at": BORN + timedelta(days=28),
    }
    return (
        row
        | {
            "adopter_count": 30,
            "earlier_adopter_count": 0,
            "largest_day_share": 0.1,
            "is_left_censored": False,
            "is_in_use_before": False,
        }
        | other
    )


def _adoption(label: str, number: int, hours: float, tier: str | None = "micro_sub1k", **other: Any) -> dict[str, Any]:
    row: dict[str, Any] = {
        "trend_key": f"key-{label}",
        "account_key": f"{label}{number}",
        "platform": "bluesky",
        "actor_class": "creator",
        "tier": tier,
    }
    row |= {"tier_at_birth": tier, "is_tier_imputed": False, "adopted_at": BORN + timedelta(hours=hours), "ts_quality": "exact"}
    return row | {"previous_post_at": BORN - timedelta(days=1), "prior_post_count": 3, "prior_exposure_days": 30.0} | other


def _outlet(label: str, hours: float, **other: Any) -> dict[str, Any]:
    return _adoption(label, 99, hours, None, platform="feeds", actor_class="media", is_tier_imputed=None) | other


# Micro creators begin the first trend and large ones the second; nobody prints the second.
TABLES: dict[str, Rows] = {
    "trends": [
        _trend("cleanbeauty"),
        _trend("slowtea", born_at=BORN + timedelta(days=20)),
        _trend("evergreen", is_left_censored=True, abstain_reason="left_censored"),
        _trend("huge", adopter_count=61),
        _trend("later", born_at=BORN + timedelta(days=46)),
        _trend("抹茶", adopter_count=29),
        _trend("<script>alert(1)</script>", adopter_count=200),
    ],
    "trend_adoptions": [
        *(_adoption("cleanbeauty", number, number, niche_id="n1") for number in range(5)),
        _adoption("cleanbeauty", 5, 30, "macro", platform="tiktok", ts_quality="date_only"),
        _adoption("cleanbeauty", 6, 31, None, platform="reddit", previous_post_at=None),
        _outlet("cleanbeauty", 72),
        *(_adoption("slowtea", number, 480 + number, "macro") for number in range(4)),
        _adoption("slowtea", 4, 485),
        _adoption("抹茶", 1, 1),
        _adoption("evergreen", 1, 1),
        _adoption("huge", 1, 1),
        _adoption("<script>alert(1)</script>", 1, 1, platform="<b>x</b>"),
    ],
    "niches": [{"niche_id": "n1", "name": "clean & green"}],
    "creator_accounts": [{"account_key": "cleanbeauty5", "public_name": "Big Name"}],
    "ripple_effects": [
        {
            "trend_key": "key-cleanbeauty",
            "label": "cleanbeauty",
            "lead_class": "micro",
            "target_class": "large_creators",
            "lead_adopter_count": 5,
        }
        | {
            "target_adopter_count": 1,
            "precedence_probability": 0.8,
            "precedence_low": 0.6,
            "precedence_high": 0.95,
            "q_value": 0.03,
        }
        | {"pooled_claim": "lead_first", "evidence_level": 1},
        {
            "trend_key": "key-evergreen",
            "label": "evergreen",
            "lead_class": "micro",
            "target_class": "media",
            "lead_adopter_count": 5,
        }
        | {"target_adopter_count": 1, "pooled_claim": "abstained", "abstain_reason": "left_censored"},
    ],
    "commercial_trends": [
        {
            "trend_key": "key-cleanbeauty",
            "commercial_share_first100": 0.4,
            "judged_first_count": 5,
            "expected_commercial_share": 0.1,
        }
        | {"is_astroturf": True, "astroturf_probability": 0.99}
    ],
    "trend_origins": [
        {"trend_key": "key-cleanbeauty", "account_key": "cleanbeauty0", "rank": 1, "credibility": 0.9},
        {"trend_key": "key-cleanbeauty", "account_key": "cleanbeauty1", "rank": 2, "credibility_null_reason": "coverage_unknown"},
    ],
    "trend_origin_verdicts": [
        {"trend_key": "key-cleanbeauty", "origin_tier": "micro", "origin_tier_credibility": 0.93, "origin_platform": "bluesky"}
        | {"origin_platform_credibility": 0.92, "origin_confidence": 0.91, "seen_ratio": 0.97},
        {"trend_key": "key-evergreen", "abstain_reason": "left_censored"},
    ],
    "trend_shapes": [
        {
            "trend_key": "key-cleanbeauty",
            "exogeneity_class": "mixed",
            "exogeneity_reason": "paid_start",
            "peak_day_share": 0.4,
            "peak_on": BORN.date(),
        }
        | {
            "half_adoption_days": 2.5,
            "is_coordinated": True,
            "simultaneous_count": 4,
            "nearby_count": 5,
            "coordination_q_value": 0.001,
        }
        | {"seasonality_class": "unknown", "seasonality_reason": "less_than_a_year"},
    ],
    "trend_bursts": [
        {
            "trend_key": "key-cleanbeauty",
            "began_on": BORN.date(),
            "ended_on": BORN.date() + timedelta(days=3),
            "ratio_to_base": 8.0,
            "q_value": 0.01,
        }
    ],
    "trend_cascades": [
        {
            "trend_key": "key-cleanbeauty",
            "adopter_count": 7,
            "parented_adopter_count": 3,
            "explicit_adopter_count": 1,
            "tree_count": 2,
        }
        | {
            "largest_size_count": 3,
            "largest_depth": 2,
            "reproduction_micro": 0.5,
            "reproduction_micro_low": 0.1,
            "reproduction_micro_high": 0.9,
        },
        {"trend_key": "key-slowtea", "null_reason": "no_ties"},
    ],
    "mainstream_adoptions": [
        {
            "trend_key": "key-cleanbeauty",
            "target_class": "media",
            "evidence_level": 1,
            "item_count": 3,
            "syndication_group_count": 2,
            "outlet_count": 2,
        }
        | {"lag_days": 3.0, "lag_low_days": 2.5, "lag_high_days": 3.4, "not_higher_reason": "excess_not_shown"},
    ],
    "ripple_evidence": [
        {
            "evidence_key": "e1",
            "trend_key": "key-cleanbeauty",
            "target_class": "media",
            "evidence_kind": "first_item",
            "evidence_level": 0,
        }
        | {"observed_at": BORN, "value": 3.0}
    ],
    "platform_precedence": [],
    "coverage_days": [
        {"platform": "bluesky", "covered_on": (BORN + timedelta(days=day)).date(), "status": status, "got_count": 5}
        for day, status in ((-30, "ok"), (0, "ok"), (1, "outage"), (400, "outage"))
    ]
    + [{"platform": "reddit", "covered_on": BORN.date(), "status": "unknown"}],
    "trend_aliases": [
        {"trend_key": "key-cleanbeauty", "label": "cleanbeauty", "unit_type": "hashtag"} | row
        for row in (
            {"alias_type": "hashtag", "alias_label": "cleanbeautys", "alias_kind": "plural", "alias_account_count": 6},
            {"alias_type": "domain", "alias_label": "clean.example", "alias_kind": "co_adopted", "alias_account_count": 20},
            {"alias_type": "phrase", "alias_label": "clean beauty", "alias_kind": "spelled_out", "alias_account_count": 20},
        )
    ],
    "trend_attention": [
        {
            "trend_key": "key-cleanbeauty",
            "label": "cleanbeauty",
            "platform": "trends",
            "series_key": "s",
            "term": "clean beauty",
            "unit": "index_0_100",
        }
        | {
            "granularity": "week",
            "period_starts_at": BORN + timedelta(days=7 * week),
            "interest_value": value,
            "is_partial": False,
            "adopter_count": week,
        }
        for week, value in enumerate((10.0, None, 100.0))
    ],
}


def _asked(tables: dict[str, Rows]) -> Callable[[str], pa.Table]:
    connection = duckdb.connect()
    connection.execute("set TimeZone = 'UTC'")
    schemas = mart_schemas()
    for name, rows in tables.items():
        held = pa.Table.from_pylist(rows, schemas[name])
        connection.register("held", held)
        connection.execute(f"create table {name} as select * from held")
        connection.unregister("held")
    return lambda sql: connection.execute(sql).to_arrow_table()


def _told(name: str, *, without: str = "") -> Story:
    return tell(_asked({table: rows for table, rows in TABLES.items() if table != without}), name)


_FINDING: dict[str, Any] = {
    "unit_type": "hashtag", "population": "all", "period": "all", "comparison_kind": "tier", "lead_group": "micro", "target_group": "large_creators",
    "lead_use_chance": 0.6, "target_use_chance": 0.6, "use_chance_p_value": 0.9, "trend_count": 30, "event_count": 30, "shift_hours": 9.0, "shift_spread_hours": 6.0,
}  # fmt: skip


class TestATrendIsFound:
    @pytest.mark.parametrize("name", ["#cleanbeauty", "CleanBeauty", " clean beauty ", "clean-beauty", "#\uff43lean\uff42eauty"])
    def test_however_it_is_written(self, name: str) -> None:
        assert _told(name).trend["label"] == "cleanbeauty"

    def test_in_any_script(self) -> None:
        assert _told("#抹茶").trend["label"] == "抹茶"

    def test_by_what_is_joined_to_it(self) -> None:
        story = _told("#cleanBeautys")
        assert story.trend["label"] == "cleanbeauty"
        assert story.names == [
            "Also written #cleanbeautys: counted with it.",
            "Also spelled out as clean beauty (phrase): not counted with it.",
            "Taken up by the same accounts: clean.example (domain).",
        ]
        assert _told("evergreen").names == []

    def test_and_the_other_names_of_its_event_are_told_and_are_no_controls(self) -> None:
        alone = _told("cleanbeauty")
        assert not any("one event" in sentence for sentence in alone.names)
        event = {"event_key": "key-cleanbeauty", "event_trend_count": 11}
        trends = [row | (event if row["label"] in ("cleanbeauty", alone.controls[0]) else {}) for row in TABLES["trends"]]
        trends += [_trend(f"name{number}", adopter_count=40 - number, **event) for number in range(9)]
        story = tell(_asked(TABLES | {"trends": trends}), "cleanbeauty")
        (sentence,) = [sentence for sentence in story.names if "one event" in sentence]
        shown = ", ".join(f"#name{number}" for number in range(8))
        assert sentence == f"Of one event with {shown} and 2 more: most adopters are the same, and pooled numbers count it once."
        assert story.controls == alone.controls[1:]

    def test_of_one_name_by_the_hashtag(self) -> None:
        brand = _trend("evergreen", trend_key="brand", unit_type="brand")
        tables = TABLES | {"trends": [*TABLES["trends"], brand]}
        assert tell(_asked(tables), "#evergreen").trend["unit_type"] == "hashtag"
        assert tell(_asked(tables), "evergreen (brand)").trend["unit_type"] == "brand"

    def test_or_the_error_says_what_is_near_it(self) -> None:
        with pytest.raises(NoSuchTrendError, match="near it: cleanbeauty"):
            _told("#cleanbeuty")

    def test_and_quotes_are_only_letters(self) -> None:
        with pytest.raises(NoSuchTrendError):
            _told("x' or '1' = '1")


class TestWhatIsTold:
    def test_every_adopter_is_in_each_facet_once(self) -> None:
        size, platform, niche = _told("cleanbeauty").facets
        assert {name: sum(days) for name, days in size.parts} == {"micro": 5, "macro": 1, "unknown": 1, "media": 1}
        assert {name: sum(days) for name, days in platform.parts} == {"bluesky": 5, "tiktok": 1, "reddit": 1}
        assert {name: sum(days) for name, days in niche.parts} == {"clean & green": 5, OUTSIDE: 2}

    def test_days_are_counted_from_the_birth(self) -> None:
        days = dict(_told("cleanbeauty").facets[0].parts)["media"]
        assert len(days) == 29
        assert days.index(1) == 3

    def test_the_first_five_creators_are_named_where_they_are_public(self) -> None:
        story = _told("cleanbeauty")
        assert [row["account_key"] for row in story.origin] == [f"cleanbeauty{number}" for number in range(5)]
        assert all(row["public_name"] is None and row["niche"] == "clean & green" for row in story.origin)

    def test_ties_for_the_fifth_place_are_all_told(self) -> None:
        tables = TABLES | {"trend_adoptions": [_adoption("cleanbeauty", number, 1) for number in range(7)]}
        assert len(tell(_asked(tables), "cleanbeauty").origin) == 7

    def test_steps_are_in_the_order_in_which_they_came(self) -> None:
        steps = _told("cleanbeauty").steps
        assert [row["step"] for row in steps] == ["micro", "macro", "unknown", "media"]
        assert steps[0]["tenth_at"] is None
        assert steps[1]["inexact_count"] == 1

    def test_controls_are_of_its_size_and_age_and_were_seen_from_the_start(self) -> None:
        assert set(_told("cleanbeauty").controls) == {"slowtea", "抹茶"}

    def test_it_stands_beside_its_controls(self) -> None:
        measures = {measure.name: measure for measure in _told("cleanbeauty").measures}
        first = measures["micro creators among its first 5"]
        assert first.value == 1.0
        assert (first.control_count, first.at_or_above_count) == (2, 1)
        assert first.middle == pytest.approx((0.2 + 1.0) / 2)
        lag = measures["days from the birth to the first of them"]
        assert lag.value == pytest.approx(3.0)
        assert (lag.middle, lag.at_or_above_count, lag.control_count) == (None, None, 0)

    def test_paid_adopters_are_told_beside_what_was_to_be_expected(self) -> None:
        assert _told("cleanbeauty").money.startswith("40% of its first 5 adopters")
        assert "10% was to be expected" in _told("cleanbeauty").money
        assert _told("slowtea").money == ""

    def test_search_interest_keeps_its_gaps(self) -> None:
        ((name, points),) = _told("cleanbeauty").attention
        assert name == "search interest in 'clean beauty' (index_0_100, by week)"
        assert [value for _, value, _ in points] == [10.0, None, 100.0]


class TestWhereItCameFrom:
    def test_credibility_stands_beside_each_of_the_first_and_is_left_out_where_nobody_can_say(self) -> None:
        assert [row["credibility"] for row in _told("cleanbeauty").origin] == [0.9, None, None, None, None]

    def test_the_verdict_has_its_own_doubt(self) -> None:
        assert _told("cleanbeauty").verdict_sentence == (
            "Origin: micro (93%), bluesky (92%); that the true first one is in this set: 91%, with 97% of posts seen."
        )

    def test_a_trend_that_was_under_way_has_none(self) -> None:
        assert _told("evergreen").verdict_sentence == "No origin: in use when the collection began."

    def test_what_set_it_off_is_told_with_its_numbers(self) -> None:
        first, coordinated, season, burst = _told("cleanbeauty").set_off
        assert first == "Mixed (paid start): 40% of it on the busiest day, 2026-08-01; half of its adopters within 2.5 days."
        assert coordinated.startswith("Its beginning looks coordinated: 4 of 5")
        assert season == "Season: unknown, less than a year."
        assert burst == "It burst from 2026-08-01 to 2026-08-04: 8.0 times its base, q 0.01."

    def test_a_shape_without_numbers_is_told_by_its_reason(self) -> None:
        shapes = [
            {"trend_key": "key-slowtea", "exogeneity_class": "unknown", "exogeneity_reason": "in_use_before"}
            | {"seasonality_class": "unknown", "seasonality_reason": "in_use_before"}
        ]
        told = tell(_asked(TABLES | {"trend_shapes": shapes}), "slowtea").set_off
        assert told == ["Unknown (in use before).", "Season: unknown, in use before."]

    def test_who_passed_it_on_is_told_where_ties_are_known(self) -> None:
        assert "3 of 7 adopters had a known tie" in _told("cleanbeauty").passing_on[0]
        assert _told("cleanbeauty").passing_on[1] == "Further adopters credited to each: micro 0.50 (0.10 to 0.90)."
        assert _told("slowtea").passing_on == ["Who had it from whom is not known: no ties."]

    def test_tables_that_are_not_there_leave_the_rest(self) -> None:
        story = _told("cleanbeauty", without="trend_shapes")
        assert [sentence[:8] for sentence in story.set_off] == ["It burst"]


class TestWhatIsNotKnown:
    def test_a_trend_that_was_under_way_has_no_controls_and_says_why(self) -> None:
        story = _told("evergreen")
        assert story.controls == []
        assert "in use when the collection began" in story.unknown[0]

    @pytest.mark.parametrize(("reason", "said"), [("shock", "as after a common event"), ("coordinated", "says who pushed it")])
    def test_a_trend_that_is_not_compared_says_why(self, reason: str, said: str) -> None:
        tables = TABLES | {"trends": [_trend("huge", abstain_reason=reason)]}
        assert said in tell(_asked(tables), "huge").unknown[0]

    def test_gaps_of_the_collection_are_said_of_its_own_days_and_platforms(self) -> None:
        said = " ".join(_told("cleanbeauty").unknown)
        assert "seen in part only: bluesky on 1." in said
        assert "How much of reddit was collected is not known" in said
        assert "1 of 7 adopters have no known size" in said
        assert "1 of 7 adopters were never seen posting before it" in said

    def test_a_platform_that_was_hardly_collected_yet_is_said_to_be(self) -> None:
        assert not any("collected since" in sentence for sentence in _told("cleanbeauty").unknown)
        days = [{"platform": "bluesky", "covered_on": (BORN - timedelta(days=2)).date(), "status": "ok", "got_count": 1}]
        story = tell(_asked(TABLES | {"coverage_days": days}), "cleanbeauty")
        assert "bluesky is collected since 2026-07-30 only: who took it up there before was not seen." in story.unknown

    def test_habits_that_differ_are_said_of_its_own_type_of_unit(self) -> None:
        finding = _FINDING | {"target_use_chance": 0.32, "use_chance_p_value": 0.01}
        others: Rows = [
            {"unit_type": "sound"},
            {"target_group": "mid_creators", "use_chance_p_value": 0.2},
            {"population": "without_astroturf"},
        ]
        story = tell(_asked(TABLES | {"ripple_findings": [finding, *(finding | other for other in others)]}), "cleanbeauty")
        said = [sentence for sentence in story.unknown if "habits" in sentence]
        assert said == [
            "Once they know a hashtag, micro creators use it in 60% of their posts and large creators in 32%: such habits mislead P, and not the shift in hours."
        ]

    def test_a_mean_of_trends_that_differ_is_said_to_tell_little_of_this_one(self) -> None:
        finding = _FINDING | {"shift_hours": -19.4, "shift_spread_hours": 48.0}
        others: Rows = [
            {"unit_type": "sound"},
            {"target_group": "mid_creators", "shift_spread_hours": 12.0},
            {"population": "without_astroturf"},
        ]
        story = tell(_asked(TABLES | {"ripple_findings": [finding, *(finding | other for other in others)]}), "cleanbeauty")
        said = [sentence for sentence in story.unknown if "spread" in sentence]
        assert said == [
            (
                "Over 30 trends of type hashtag micro creators were 19 h later than large creators, "
                "but with a spread of about 48 h between trends: the mean says little of this one."
            )
        ]

    def test_a_withheld_table_is_said_and_the_rest_is_told(self) -> None:
        story = _told("cleanbeauty", without="ripple_effects")
        assert story.effects == []
        assert any("withheld" in sentence for sentence in story.unknown)
        assert len(story.origin) == 5

    def test_nobody_is_called_the_cause(self) -> None:
        assert "not the cause" in _told("cleanbeauty").unknown[-1]


class _Parsed(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.words += [value for name, value in attrs if name in {"src", "href"} and value]

    def handle_data(self, data: str) -> None:
        self.words.append(data)


class TestThePage:
    def test_needs_no_other_file_and_runs_nothing(self) -> None:
        page = trend_page(_told("cleanbeauty"))
        parsed = _Parsed()
        parsed.feed(page)
        assert not {"script", "link", "img", "iframe"} & set(parsed.tags)
        assert "http" not in page
        assert "#cleanbeauty" in " ".join(parsed.words)

    def test_says_everything_that_the_story_says(self) -> None:
        story = _told("cleanbeauty")
        parsed = _Parsed()
        parsed.feed(trend_page(story))
        words = " ".join(" ".join(parsed.words).split())
        for sentence in (
            *story.unknown,
            *story.names,
            *story.set_off,
            *story.passing_on,
            story.verdict_sentence,
            story.money,
            "3.0 (2.5 to 3.4)",
            "0.80 (0.60 to 0.95)",
            "lead first",
        ):
            assert " ".join(sentence.split()) in words

    def test_names_from_outside_are_text_and_never_markup(self) -> None:
        page = trend_page(_told("<script>alert(1)</script>"))
        assert "<script>" not in page
        assert "<b>x</b>" not in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page

    def test_tells_a_trend_of_which_nothing_may_be_claimed(self) -> None:
        assert "no claim: in use when the collection began" in trend_page(_told("evergreen"))


class TestShown:
    def test_bars_keep_what_is_small_and_show_a_gap(self) -> None:
        assert bars([0, 1, 100, None]) == " ▁█·"
        assert bars([0.0, 0.0]) == "  "

    def test_small_parts_are_one_and_nobody_is_lost(self) -> None:
        facet = Facet("platform", [(f"p{number}", [20 - number, 1]) for number in range(12)])
        shown = shown_parts(facet)
        assert len(shown) == 8
        assert shown[-1][0] == "5 others"
        assert sum(sum(days) for _, days in shown) == sum(sum(days) for _, days in facet.parts)

    def test_sizes_keep_their_order(self) -> None:
        facet = Facet("size", [("media", [9]), ("mega", [3]), ("micro", [1])])
        assert [name for name, _ in shown_parts(facet)] == ["micro", "mega", "media"]
