"""What is true of a world, as tables that the pipeline never reads: their schemas, and how they are made of the world's arrays."""

from __future__ import annotations

from typing import Final

import pyarrow as pa

INSTANT: Final = pa.timestamp("us", tz="UTC")


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
    # One row per reply to another account and whether the author answered it.
    # One row per deletion; is_stated says whether the platform's files tell it.
    "deletions": _schema(platform=_TEXT, native_id=_TEXT, account_native_id=_TEXT, deleted_on=_DAY, is_stated=_FLAG),
    # One row per platform and day.
    "posts_count": _schema(platform=_TEXT, day=_DAY, post_count=_COUNT, observed_post_count=_COUNT),
    # One row per platform, month, niche and tier: what happened, complete.
    "attention_months": _schema(
        platform=_TEXT, month=_DAY, niche=_TEXT, tier=_TEXT, account_count=_COUNT, post_count=_COUNT, like_count=_COUNT,
    ),
    # One row per planted fault of the files.
    "planted_faults": _schema(platform=_TEXT, file=_TEXT, kind=_TEXT, expected_code=_TEXT, detail=_TEXT),
}  # fmt: skip
