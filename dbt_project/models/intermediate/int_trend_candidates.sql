{{ config(pre_hook="{{ keep_last_night() }}", post_hook="{{ export_parquet(this, 'exchange') }}") }}

with coverage as (
    select
        min(event_day) as began_on,
        max(event_day) as ended_on
    from {{ ref("int_account_days") }}
),

adoption_days as (
    select
        tag,
        event_day as adopted_on,
        count(*) as adopter_count,
        min(adopted_at) as first_adopted_at
    from {{ ref("int_tag_first_uses") }}
    group by all
),

-- Adopters of a day and of the window that would begin with it; who adopts is not looked at, so that no group decides where a window lies.
window_counts as (
    select
        *,
        sum(adopter_count) over (
            partition by tag order by adopted_on
            range between current row and interval {{ var("trend_window_days") - 1 }} days following
        )::bigint as window_adopter_count,
        coalesce(sum(adopter_count) over (
            partition by tag order by adopted_on rows between unbounded preceding and 1 preceding
        ), 0)::bigint as earlier_adopter_count
    from adoption_days
),

-- The onset: the first day from which enough accounts take it up. One stray use years before does not hide what came later.
onsets as (
    select
        tag,
        min(adopted_on) as began_on,
        arg_min(first_adopted_at, adopted_on) as born_at,
        arg_min(earlier_adopter_count, adopted_on) as earlier_adopter_count
    from window_counts
    where window_adopter_count >= {{ var("smallest_adopter_count") }}
    group by all
),

windows as (
    select
        onsets.tag,
        onsets.born_at,
        onsets.earlier_adopter_count,
        least(onsets.began_on + {{ var("trend_window_days") }}, coverage.ended_on + 1)::timestamptz as window_ends_at,
        onsets.began_on < coverage.began_on + {{ var("burn_in_days") }} as is_left_censored
    from onsets
    cross join coverage
),

totals as (
    select
        windows.tag,
        sum(adoption_days.adopter_count)::bigint as adopter_count,
        max(adoption_days.adopter_count) / sum(adoption_days.adopter_count) as largest_day_share
    from windows
    inner join adoption_days
        on
            windows.tag = adoption_days.tag
            and adoption_days.adopted_on >= windows.born_at::date
            and adoption_days.adopted_on < windows.window_ends_at::date
    group by all
)

select
    md5('hashtag|' || windows.tag) as trend_key,
    windows.tag as label,
    windows.born_at,
    windows.window_ends_at,
    totals.adopter_count,
    windows.earlier_adopter_count,
    windows.is_left_censored,
    windows.earlier_adopter_count >= {{ var("smallest_adopter_count") }} / 2 as is_in_use_before,
    totals.largest_day_share
from windows
inner join totals on windows.tag = totals.tag
order by trend_key
