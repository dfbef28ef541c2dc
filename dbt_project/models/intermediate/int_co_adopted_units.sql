{{ config(post_hook="{{ export_parquet(this, 'exchange') }}") }}

-- A link, a sound or a phrase that the adopters of another unit took up with it is no trend of its own. A hashtag stays one: two hashtags
-- that are taken up together are two names, and nothing here says which of them is the other's. A phrase that spells a hashtag is that trend
-- in other words, whoever took it up; its uses are not added, since nobody looked for the words before they were listed.
with candidates as (
    select * from {{ ref("int_trend_windows") }}
    where blocked_reason is null
),

hashtag_words as (
    select
        unit_type,
        unit,
        {{ without_separators("unit") }} as word
    from candidates
    where unit_type = 'hashtag'
    union
    select
        candidates.unit_type,
        candidates.unit,
        {{ without_separators("aliases.alias") }} as word
    from candidates
    inner join {{ ref("int_unit_aliases") }} as aliases on candidates.unit_type = aliases.unit_type and candidates.unit = aliases.unit
    where aliases.alias_type = 'hashtag'
),

-- Of several hashtags that one word spells the first by name: all their spellings are joined before.
spelled_out as (
    select
        phrases.trend_key,
        phrases.unit_type as alias_type,
        phrases.unit as alias,
        phrases.label as alias_label,
        hashtag_words.unit_type,
        hashtag_words.unit,
        phrases.adopter_count as alias_account_count
    from candidates as phrases
    inner join hashtag_words on {{ without_separators("phrases.unit") }} = hashtag_words.word
    where phrases.unit_type = 'phrase'
    qualify row_number() over (partition by phrases.trend_key order by hashtag_words.unit) = 1
),

windows as (
    select
        *,
        list_position(['hashtag', 'phrase', 'link', 'sound', 'brand', 'domain'], unit_type) as type_rank
    from candidates
    where not is_left_censored and trend_key not in (select spelled_out.trend_key from spelled_out)
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
    'co_adopted' as alias_kind,
    windows.adopter_count as alias_account_count,
    chosen.shared_adopter_ratio
from chosen
inner join windows on chosen.trend_key = windows.trend_key
inner join windows as others on chosen.other_key = others.trend_key
union all
select
    alias_type,
    alias,
    alias_label,
    unit_type,
    unit,
    'spelled_out' as alias_kind,
    alias_account_count,
    null::double as shared_adopter_ratio
from spelled_out
order by alias_type, alias
