-- Units with enough adopters: onset, window and gates of each, and whether the blocklist holds it back.
with platform_coverage as (
    select
        platform,
        min(event_day) as began_on,
        max(event_day) as ended_on
    from {{ ref("int_account_days") }}
    group by all
),

coverage as (
    select max(ended_on) as ended_on
    from platform_coverage
),

adoption_days as (
    select
        unit_type,
        unit,
        event_day as adopted_on,
        count(*) as adopter_count,
        min(adopted_at) as first_adopted_at
    from {{ ref("int_unit_adoptions") }}
    group by all
),

-- Adopters of a day and of the window that would begin with it; who adopts is not looked at, so that no group decides where a window lies.
window_counts as (
    select
        *,
        sum(adopter_count) over (
            partition by unit_type, unit order by adopted_on
            range between current row and interval {{ var("trend_window_days") - 1 }} days following
        )::bigint as window_adopter_count,
        coalesce(sum(adopter_count) over (
            partition by unit_type, unit order by adopted_on rows between unbounded preceding and 1 preceding
        ), 0)::bigint as earlier_adopter_count
    from adoption_days
),

-- The onset: the first day from which enough accounts take it up. One stray use years before does not hide what came later.
onsets as (
    select
        unit_type,
        unit,
        min(adopted_on) as began_on,
        arg_min(first_adopted_at, adopted_on) as born_at,
        arg_min(earlier_adopter_count, adopted_on) as earlier_adopter_count
    from window_counts
    where window_adopter_count >= {{ var("smallest_adopter_count") }}
    group by all
),

-- Each platform is looked at from a day of its own on: who used it there in the first days may have used it before, and only seems to be early.
first_adopters as (
    select
        onsets.unit_type,
        onsets.unit,
        onsets.began_on,
        adoptions.account_key
    from onsets
    inner join {{ ref("int_unit_adoptions") }} as adoptions
        on
            onsets.unit_type = adoptions.unit_type
            and onsets.unit = adoptions.unit
            and adoptions.event_day >= onsets.began_on
            and adoptions.event_day < onsets.began_on + {{ var("trend_window_days") }}
    qualify
        row_number() over (
            partition by onsets.unit_type, onsets.unit order by adoptions.adopted_at, adoptions.account_key
        ) <= {{ var("first_adopter_count") }}
),

censored as (
    select
        first_adopters.unit_type,
        first_adopters.unit,
        bool_or(
            first_adopters.began_on
            < greatest(platform_coverage.began_on, coalesce(phrases.watched_from_on, platform_coverage.began_on)) + {{ var("burn_in_days") }}
        ) as is_left_censored
    from first_adopters
    inner join {{ ref("int_accounts") }} as accounts on first_adopters.account_key = accounts.account_key
    inner join platform_coverage on accounts.platform = platform_coverage.platform
    -- A phrase is looked for from a day of its own on as well.
    left join {{ ref("int_phrases") }} as phrases on first_adopters.unit_type = 'phrase' and first_adopters.unit = phrases.phrase
    group by all
),

windows as (
    select
        onsets.unit_type,
        onsets.unit,
        onsets.born_at,
        onsets.earlier_adopter_count,
        least(onsets.began_on + {{ var("trend_window_days") }}, coverage.ended_on + 1)::timestamptz as window_ends_at,
        censored.is_left_censored
    from onsets
    inner join censored on onsets.unit_type = censored.unit_type and onsets.unit = censored.unit
    cross join coverage
),

totals as (
    select
        windows.unit_type,
        windows.unit,
        sum(adoption_days.adopter_count)::bigint as adopter_count,
        max(adoption_days.adopter_count) / sum(adoption_days.adopter_count) as largest_day_share
    from windows
    inner join adoption_days
        on
            windows.unit_type = adoption_days.unit_type
            and windows.unit = adoption_days.unit
            and adoption_days.adopted_on >= windows.born_at::date
            and adoption_days.adopted_on < windows.window_ends_at::date
    group by all
),

-- A hashtag is blocked under all its spellings, a phrase that spells it with it, a domain with its subdomains.
labels as (
    select
        unit_type,
        unit,
        unit as label
    from windows
    union all
    select
        windows.unit_type,
        windows.unit,
        aliases.alias as label
    from windows
    inner join {{ ref("int_unit_aliases") }} as aliases on windows.unit_type = aliases.unit_type and windows.unit = aliases.unit
    where aliases.alias_type = aliases.unit_type
),

blocklist as (
    select
        unit_type,
        unit,
        reason
    from {{ ref("unit_blocklist") }}
    union all
    select
        'phrase' as unit_type,
        unit,
        reason
    from {{ ref("unit_blocklist") }}
    where unit_type = 'hashtag'
),

blocked as (
    select
        labels.unit_type,
        labels.unit,
        min(blocklist.reason) as blocked_reason
    from labels
    inner join blocklist
        on
            labels.unit_type = blocklist.unit_type
            and case
                when labels.unit_type in ('hashtag', 'phrase') then {{ without_separators("labels.label") }} = {{ without_separators("blocklist.unit") }}
                when labels.unit_type = 'domain' then ends_with('.' || labels.label, '.' || blocklist.unit)
                else labels.label = blocklist.unit
            end
    group by all
),

link_domains as (
    select
        unit,
        min(link_domain) as link_domain
    from {{ ref("int_post_units") }}
    where unit_type = 'link' and unit in (select windows.unit from windows)
    group by all
)

select
    {{ trend_key("windows.unit_type", "windows.unit") }} as trend_key,
    windows.unit_type,
    windows.unit,
    case windows.unit_type
        when 'sound' then 'sound ' || left(windows.unit, 12)
        when 'link' then coalesce(link_domains.link_domain || ' ', '') || 'link ' || left(windows.unit, 12)
        else windows.unit
    end as label,
    windows.born_at,
    windows.window_ends_at,
    totals.adopter_count,
    windows.earlier_adopter_count,
    windows.is_left_censored,
    totals.largest_day_share,
    blocked.blocked_reason
from windows
inner join totals on windows.unit_type = totals.unit_type and windows.unit = totals.unit
left join blocked on windows.unit_type = blocked.unit_type and windows.unit = blocked.unit
left join link_domains on windows.unit_type = 'link' and windows.unit = link_domains.unit
