{{ config(pre_hook="{{ keep_last_night() }}", post_hook="{{ export_parquet(this, 'exchange') }}") }}

-- Units that may be trends: taken up by enough accounts, not on the blocklist, and not taken up as a part of another one.
select
    trend_key,
    unit_type,
    unit,
    label,
    born_at,
    window_ends_at,
    adopter_count,
    earlier_adopter_count,
    is_left_censored,
    earlier_adopter_count >= {{ var("smallest_adopter_count") }} / 2 as is_in_use_before,
    largest_day_share
from {{ ref("int_trend_windows") }}
where
    blocked_reason is null
    and (unit_type, unit) not in (select (alias_type, alias) from {{ ref("int_co_adopted_units") }})
order by trend_key
