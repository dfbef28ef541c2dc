with persons as (
    select
        account_key,
        creator_key
    from {{ ref("int_accounts") }}
    where link_evidence <> 'none' and actor_class not in ('brand', 'media', 'bot')
    qualify min(platform) over (partition by creator_key) <> max(platform) over (partition by creator_key)
),

-- Who could have left a platform in a month: linked persons that posted there in it or in the month before.
active as (
    select
        months.month,
        months.platform,
        persons.creator_key
    from {{ ref("int_platform_account_months") }} as months
    inner join persons on months.account_key = persons.account_key
),

at_risk as (
    select
        month,
        platform,
        count(distinct creator_key)::bigint as at_risk_person_count
    from (
        select * from active
        union all
        select
            (month + interval 1 month)::date as month,
            platform,
            creator_key
        from active
    ) as in_or_before
    group by all
),

collected as (
    select
        platform,
        min(event_day) filter (where is_covered) as first_covered_on
    from {{ ref("int_platform_days") }}
    group by all
),

-- The days before a platform was collected for the first time are no gap: it may not have been there.
coverage as (
    select
        days.platform,
        date_trunc('month', days.event_day)::date as month,
        count(*) filter (where days.is_covered)
        / (
            last_day(min(days.event_day))
            - greatest(date_trunc('month', min(days.event_day))::date, any_value(collected.first_covered_on))
            + 1
        ) as coverage_ratio
    from {{ ref("int_platform_days") }} as days
    inner join collected on days.platform = collected.platform
    where days.event_day >= collected.first_covered_on
    group by all
),

-- Whose silence has lasted long enough after the month for the moves in it to be all told.
silences as (
    select
        months.platform,
        months.month,
        count(*) filter (where days.is_covered and days.event_day > last_day(months.month)) >= {{ var("departure_silence_days") }} as is_final
    from coverage as months
    inner join {{ ref("int_platform_days") }} as days on months.platform = days.platform
    group by all
),

moves as (
    select
        from_platform,
        to_platform,
        month,
        count(*) filter (where move_kind = 'moved')::bigint as moved_person_count,
        count(*) filter (where move_kind = 'moved' and is_arrival_censored)::bigint as censored_arrival_count,
        count(*) filter (where move_kind = 'expanded')::bigint as expanded_person_count,
        quantile_disc(moved_on, 0.5) filter (where move_kind = 'moved') as median_moved_on,
        median(moved_high_on - moved_low_on) filter (where move_kind = 'moved') as median_uncertainty_days,
        max(method_version) as method_version,
        max(params_hash) as params_hash
    from {{ source("derived", "person_moves") }}
    group by all
),

-- A pair of platforms has a row where somebody went either way, so that a net flow is never one-sided.
pairs as (
    select
        from_platform,
        to_platform,
        month
    from moves
    union
    select
        to_platform as from_platform,
        from_platform as to_platform,
        month
    from moves
),

counted as (
    select
        pairs.from_platform,
        pairs.to_platform,
        pairs.month,
        from_coverage.coverage_ratio as from_coverage_ratio,
        to_coverage.coverage_ratio as to_coverage_ratio,
        coalesce(least(from_coverage.coverage_ratio, to_coverage.coverage_ratio), 0)
        < {{ var("coverage_threshold_ratio") }} as is_uncovered,
        coalesce(there.moved_person_count, 0)::bigint as moved_person_count,
        coalesce(back.moved_person_count, 0)::bigint as returned_person_count,
        coalesce(there.censored_arrival_count, 0)::bigint as censored_arrival_count,
        coalesce(there.expanded_person_count, 0)::bigint as expanded_person_count,
        greatest(coalesce(at_risk.at_risk_person_count, 0), coalesce(there.moved_person_count, 0))::bigint as at_risk_person_count,
        there.median_moved_on,
        there.median_uncertainty_days,
        coalesce(silences.is_final, false) as is_final,
        coalesce(there.method_version, back.method_version) as method_version,
        coalesce(there.params_hash, back.params_hash) as params_hash
    from pairs
    left join moves as there
        on
            pairs.from_platform = there.from_platform
            and pairs.to_platform = there.to_platform
            and pairs.month = there.month
    left join moves as back
        on
            pairs.from_platform = back.to_platform
            and pairs.to_platform = back.from_platform
            and pairs.month = back.month
    left join at_risk on pairs.from_platform = at_risk.platform and pairs.month = at_risk.month
    left join silences on pairs.from_platform = silences.platform and pairs.month = silences.month
    left join coverage as from_coverage on pairs.from_platform = from_coverage.platform and pairs.month = from_coverage.month
    left join coverage as to_coverage on pairs.to_platform = to_coverage.platform and pairs.month = to_coverage.month
),

-- Wilson's interval of a share, with 1.96 deviates (95%).
wilson as (
    select
        *,
        moved_person_count / nullif(at_risk_person_count, 0) as moved_share,
        (moved_person_count + 1.9208) / (at_risk_person_count + 3.8416) as wilson_centre,
        1.96 / (at_risk_person_count + 3.8416) * sqrt(
            moved_person_count * (at_risk_person_count - moved_person_count) / nullif(at_risk_person_count, 0) + 0.9604
        ) as wilson_half
    from counted
)

select
    from_platform,
    to_platform,
    month,
    from_coverage_ratio,
    to_coverage_ratio,
    case when is_uncovered then 'coverage' end as null_reason,
    case when not is_uncovered then moved_person_count end as moved_person_count,
    case when not is_uncovered then moved_person_count - returned_person_count end as net_flow_count,
    case when not is_uncovered then expanded_person_count end as expanded_person_count,
    case when not is_uncovered then censored_arrival_count end as censored_arrival_count,
    case when not is_uncovered then at_risk_person_count end as at_risk_person_count,
    case when not is_uncovered then moved_share end as moved_share,
    case when not is_uncovered then round(greatest(wilson_centre - wilson_half, 0), 9) end as moved_low_share,
    case when not is_uncovered then round(least(wilson_centre + wilson_half, 1), 9) end as moved_high_share,
    case when not is_uncovered then median_moved_on end as median_moved_on,
    case when not is_uncovered then median_uncertainty_days end as median_uncertainty_days,
    is_final,
    method_version,
    params_hash
from wilson
order by from_platform, to_platform, month
