{{ config(post_hook="{{ export_parquet(this, 'exchange') }}") }}

-- A link, a sound or a phrase that the adopters of another unit took up with it is no trend of its own. A hashtag stays one: two hashtags
-- that are taken up together are two names, and nothing here says which of them is the other's.
with windows as (
    select
        *,
        list_position(['hashtag', 'phrase', 'link', 'sound', 'brand', 'domain'], unit_type) as type_rank
    from {{ ref("int_trend_windows") }}
    where blocked_reason is null and not is_left_censored
),

adopters as (
    select
        windows.trend_key,
        adoptions.account_key
    from windows
    inner join {{ ref("int_unit_adoptions") }} as adoptions
        on
            windows.unit_type = adoptions.unit_type
            and windows.unit = adoptions.unit
            and adoptions.adopted_at >= windows.born_at
            and adoptions.adopted_at < windows.window_ends_at
),

adopter_counts as (
    select
        trend_key,
        count(*) as adopter_count
    from adopters
    group by all
),

-- Born within days of each other, the one of a type that is named first.
born_together as (
    select
        units.trend_key,
        others.trend_key as other_key,
        others.type_rank,
        mine.adopter_count,
        theirs.adopter_count as other_adopter_count
    from windows as units
    inner join windows as others
        on
            units.type_rank > others.type_rank
            and abs(epoch(units.born_at - others.born_at)) <= {{ var("co_adopted_birth_days") }} * 86400
    inner join adopter_counts as mine on units.trend_key = mine.trend_key
    inner join adopter_counts as theirs on others.trend_key = theirs.trend_key
    -- No overlap of sets of such sizes can be larger than this.
    where
        least(mine.adopter_count, theirs.adopter_count) / greatest(mine.adopter_count, theirs.adopter_count)
        >= {{ var("co_adopted_smallest_jaccard") }}
),

heavy_overlaps as (
    select
        pairs.trend_key,
        pairs.other_key,
        pairs.type_rank,
        count(*) as shared_count,
        count(*) / (any_value(pairs.adopter_count) + any_value(pairs.other_adopter_count) - count(*)) as shared_adopter_ratio
    from born_together as pairs
    inner join adopters as mine on pairs.trend_key = mine.trend_key
    inner join adopters as theirs on pairs.other_key = theirs.trend_key and mine.account_key = theirs.account_key
    group by all
    having shared_adopter_ratio >= {{ var("co_adopted_smallest_jaccard") }}
),

-- What is itself taken up with something else stands for nothing.
chosen as (
    select *
    from heavy_overlaps
    where other_key not in (select parts.trend_key from heavy_overlaps as parts)
    qualify row_number() over (partition by trend_key order by type_rank asc, shared_adopter_ratio desc, other_key asc) = 1
)

select
    windows.unit_type as alias_type,
    windows.unit as alias,
    windows.label as alias_label,
    others.unit_type,
    others.unit,
    windows.adopter_count as alias_account_count,
    chosen.shared_adopter_ratio
from chosen
inner join windows on chosen.trend_key = windows.trend_key
inner join windows as others on chosen.other_key = others.trend_key
order by alias_type, alias
