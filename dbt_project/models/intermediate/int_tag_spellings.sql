-- The word that a tag spells: tags that differ in separators only, or that the seed of aliases joins, spell the same.
{%- set counts = [var("smallest_adopter_count"), var("smallest_adopter_count") // 2, var("smallest_adopter_count") // 4] %}
with tag_days as (
    select
        unit as tag,
        event_day,
        count(*) as account_count
    from {{ ref("int_unit_first_uses") }}
    where unit_type = 'hashtag'
    group by all
),

running_days as (
    select
        *,
        sum(account_count) over (partition by tag order by event_day) as running_count
    from tag_days
),

tags as (
    select
        tag,
        {{ without_separators("tag") }} as spelling,
        sum(account_count)::bigint as account_count,
        {%- for count in counts %}
        min(event_day) filter (where running_count >= {{ count }}) as reached_{{ loop.index }}_on{{ "," if not loop.last }}
        {%- endfor %}
    from running_days
    group by all
),

seeded as (
    select
        {{ without_separators("alias") }} as spelling,
        min({{ without_separators("canonical") }}) as word
    from {{ ref("trend_alias_seed") }}
    group by all
)

select
    tags.tag,
    coalesce(seeded.word, tags.spelling) as word,
    seeded.word is not null as is_seeded,
    tags.account_count,
    -- Which label names a word is decided by which was taken up by enough accounts first, and the past does not change: a handful of
    -- users more flips nothing. The seed's canonical label goes first.
    row_number() over (
        partition by coalesce(seeded.word, tags.spelling)
        order by
            seeded.word is not null asc,
            {%- for count in counts %}
            tags.reached_{{ loop.index }}_on asc nulls last,
            {%- endfor %}
            tags.account_count desc, tags.tag asc
    ) as label_rank,
    {%- for count in counts %}
    tags.reached_{{ loop.index }}_on{{ "," if not loop.last }}
    {%- endfor %}
from tags
left join seeded on tags.spelling = seeded.spelling
