{%- set threshold = var("coverage_threshold_ratio") -%}
{%- set smallest_cell = var("smallest_platform_cell_count") -%}
with accounts as (
    select
        platform,
        account_key,
        creator_key,
        link_evidence <> 'none'
        and min(platform) over (partition by creator_key) <> max(platform) over (partition by creator_key) as is_of_linked_person
    from {{ ref("int_accounts") }}
    where actor_class = 'creator'
),

-- The days that were covered so far, of each platform and day: how long an account was silent is counted in them.
covered_days as (
    select
        platform,
        event_day,
        is_covered,
        sum(is_covered::integer) over (partition by platform order by event_day) as covered_so_far_count
    from {{ ref("int_platform_days") }}
),

coverage as (
    select
        platform,
        date_trunc('month', event_day)::date as month,
        count(*) filter (where is_covered) / day(last_day(min(event_day))) as coverage_ratio,
        max(covered_so_far_count) as covered_so_far_count
    from covered_days
    group by all
),

collected as (
    select
        platform,
        min(event_day) filter (where is_covered) as first_covered_on,
        date_trunc('month', min(event_day) filter (where is_covered))::date as first_month,
        date_trunc('month', max(event_day) filter (where is_covered))::date as last_month,
        max(covered_so_far_count) as covered_day_count
    from covered_days
    group by all
),

account_months as (
    select
        months.month,
        months.platform,
        months.account_key,
        accounts.creator_key,
        accounts.is_of_linked_person,
        assignments.niche_id,
        months.own_post_count,
        months.comparable_post_count,
        months.attention_count,
        lag(months.month) over by_month = months.month - interval 1 month as is_active_before,
        lead(months.month) over by_month = months.month + interval 1 month as is_active_after
    from {{ ref("int_platform_account_months") }} as months
    inner join accounts on months.platform = accounts.platform and months.account_key = accounts.account_key
    left join {{ source("derived", "niche_assignments") }} as assignments
        on
            months.month = assignments.month
            and months.platform = assignments.platform
            and months.account_key = assignments.account_key
    window by_month as (partition by months.account_key order by months.month)
),

active_persons as (
    select distinct
        month,
        platform,
        creator_key
    from account_months
),

-- Who was collected the month before, this month and the month after, as far as there are such: whom collecting more accounts does not change.
panels as (
    select
        account_months.platform,
        account_months.month,
        count(*)::bigint as panel_account_count,
        sum(account_months.attention_count)::double as panel_attention_count
    from account_months
    inner join collected on account_months.platform = collected.platform
    where
        (coalesce(account_months.is_active_before, false) or account_months.month = collected.first_month)
        and (coalesce(account_months.is_active_after, false) or account_months.month = collected.last_month)
    group by all
),

spans as (
    select
        spans.platform,
        spans.account_key,
        accounts.creator_key,
        accounts.is_of_linked_person,
        spans.first_own_post_on,
        spans.last_own_post_on,
        spans.own_post_count,
        collected.covered_day_count - last_days.covered_so_far_count as silent_day_count,
        -- Too seldom a poster is silent for a month by chance.
        spans.own_post_count >= 3
        and 3 * (last_days.covered_so_far_count - first_days.covered_so_far_count + 1)
        <= {{ var("departure_silence_days") }} * spans.own_post_count as is_regular
    from {{ ref("int_account_spans") }} as spans
    inner join accounts on spans.account_key = accounts.account_key
    inner join collected on spans.platform = collected.platform
    inner join covered_days as first_days
        on spans.platform = first_days.platform and spans.first_own_post_on = first_days.event_day
    inner join covered_days as last_days
        on spans.platform = last_days.platform and spans.last_own_post_on = last_days.event_day
),

person_spans as (
    select
        creator_key,
        platform,
        min(first_own_post_on) as first_own_post_on,
        max(last_own_post_on) as last_own_post_on,
        arg_min(account_key, (first_own_post_on, account_key)) as first_account_key,
        arg_max(account_key, (last_own_post_on, account_key)) as last_account_key,
        min(silent_day_count) as silent_day_count,
        bool_or(is_regular) as is_regular
    from spans
    where is_of_linked_person
    group by all
),

person_spans_elsewhere as (
    select
        mine.creator_key,
        mine.platform,
        min(theirs.first_own_post_on) as first_elsewhere_on,
        max(theirs.last_own_post_on) as last_elsewhere_on
    from person_spans as mine
    inner join person_spans as theirs on mine.creator_key = theirs.creator_key and mine.platform <> theirs.platform
    group by all
),

-- First and last posts, each of the account that it is of, so that they are counted in its niche of the month.
turns as (
    select
        platform,
        account_key,
        date_trunc('month', first_own_post_on)::date as month,
        'new_account' as turn
    from spans
    union all
    select
        platform,
        account_key,
        date_trunc('month', last_own_post_on)::date as month,
        'departed_account' as turn
    from spans
    where is_regular and silent_day_count >= {{ var("departure_silence_days") }}
    union all
    select
        person_spans.platform,
        person_spans.first_account_key as account_key,
        date_trunc('month', person_spans.first_own_post_on)::date as month,
        'arrived_person' as turn
    from person_spans
    inner join person_spans_elsewhere as elsewhere using (creator_key, platform)
    where elsewhere.first_elsewhere_on < person_spans.first_own_post_on
    union all
    select
        person_spans.platform,
        person_spans.last_account_key as account_key,
        date_trunc('month', person_spans.last_own_post_on)::date as month,
        'departed_person' as turn
    from person_spans
    inner join person_spans_elsewhere as elsewhere using (creator_key, platform)
    where
        person_spans.is_regular
        and person_spans.silent_day_count >= {{ var("departure_silence_days") }}
        and elsewhere.last_elsewhere_on > person_spans.last_own_post_on
),

turned as (
    select
        month,
        account_key,
        bool_or(turn = 'new_account') as is_new,
        bool_or(turn = 'departed_account') as has_departed,
        bool_or(turn = 'arrived_person') as has_person_arrived,
        bool_or(turn = 'departed_person') as has_person_departed
    from turns
    group by all
),

copies as (
    select
        month,
        account_key,
        count(*)::bigint as cross_post_count,
        list(lag_hours) as lags_hours
    from {{ ref("int_cross_posts") }}
    group by all
),

facts as (
    select
        account_months.*,
        later.creator_key is not null as is_retained,
        spans.is_regular,
        coalesce(turned.is_new, false) as is_new,
        coalesce(turned.has_departed, false) as has_departed,
        coalesce(turned.has_person_arrived, false) as has_person_arrived,
        coalesce(turned.has_person_departed, false) as has_person_departed,
        coalesce(copies.cross_post_count, 0) as cross_post_count,
        copies.lags_hours
    from account_months
    left join active_persons as later
        on
            account_months.platform = later.platform
            and account_months.creator_key = later.creator_key
            and account_months.month + interval 3 month = later.month
    left join spans on account_months.account_key = spans.account_key
    left join turned on account_months.month = turned.month and account_months.account_key = turned.account_key
    left join copies on account_months.month = copies.month and account_months.account_key = copies.account_key
),

in_cells as (
    select
        * exclude (niche_id),
        '*' as niche_id
    from facts
    union all by name
    select *
    from facts
    where niche_id is not null
),

cells as (
    select
        platform,
        niche_id,
        month,
        count(distinct creator_key)::bigint as active_creator_count,
        count(*)::bigint as active_account_count,
        count(*) filter (where is_regular)::bigint as regular_account_count,
        count(*) filter (where is_new)::bigint as new_account_count,
        count(distinct creator_key) filter (where is_new)::bigint as new_creator_count,
        count(*) filter (where has_departed)::bigint as departed_account_count,
        count(distinct creator_key) filter (where is_of_linked_person)::bigint as linked_person_count,
        count(*) filter (where has_person_arrived)::bigint as arrived_person_count,
        count(*) filter (where has_person_departed)::bigint as departed_person_count,
        count(distinct creator_key) filter (where is_retained)::bigint as retained_creator_count,
        sum(own_post_count)::bigint as post_count,
        sum(attention_count)::bigint as attention_count,
        sum(comparable_post_count) filter (where is_of_linked_person)::bigint as comparable_post_count,
        sum(cross_post_count)::bigint as cross_post_count
    from in_cells
    group by all
),

lags as (
    select
        platform,
        niche_id,
        month,
        unnest(lags_hours) as lag_hours
    from in_cells
    where lags_hours is not null
),

median_lags as (
    select
        platform,
        niche_id,
        month,
        median(lag_hours) as median_cross_post_lag_hours
    from lags
    group by all
),

judged as (
    select
        cells.*,
        median_lags.median_cross_post_lag_hours,
        coverage.coverage_ratio,
        collected.first_month,
        cells.month = collected.first_month
        and coalesce(platforms.launched_on < collected.first_covered_on - 7, true) as is_begin_unknown,
        collected.covered_day_count - coverage.covered_so_far_count >= {{ var("departure_silence_days") }} as is_departure_told,
        coalesce(later.coverage_ratio, 0) >= {{ threshold }} as is_retention_told,
        coalesce(coverage.coverage_ratio, 0) >= {{ threshold }} as is_covered,
        case when panels.panel_account_count >= {{ smallest_cell }} then panels.panel_account_count end as panel_account_count,
        case
            when panels.panel_account_count >= {{ smallest_cell }} then cells.attention_count / nullif(panels.panel_attention_count, 0)
        end as deflated_attention
    from cells
    left join median_lags
        on cells.platform = median_lags.platform and cells.niche_id = median_lags.niche_id and cells.month = median_lags.month
    left join coverage on cells.platform = coverage.platform and cells.month = coverage.month
    left join collected on cells.platform = collected.platform
    left join coverage as later
        on cells.platform = later.platform and cells.month + interval 3 month = later.month
    left join panels on cells.platform = panels.platform and cells.month = panels.month
    left join {{ ref("platforms") }} as platforms on cells.platform = platforms.platform
),

shared as (
    select
        *,
        post_count / sum(post_count) over in_month as post_share,
        attention_count / nullif(sum(attention_count) over in_month, 0) as attention_share,
        deflated_attention / nullif(sum(deflated_attention) over in_month, 0) as attention_share_deflated,
        lag(month) over of_cell = month - interval 1 month and lag(is_covered) over of_cell as is_growth_told,
        lag(active_creator_count) over of_cell as active_before_count,
        sum(active_creator_count) over in_month - active_creator_count as active_elsewhere_count,
        min(first_month) over () as first_month_of_all
    from judged
    where is_covered
    window
        in_month as (partition by niche_id, month),
        of_cell as (partition by platform, niche_id order by month)
),

-- Platforms that were covered in both months only: one that joins the collection must not look as if the others lost.
others as (
    select
        mine.platform,
        mine.niche_id,
        mine.month,
        sum(theirs.active_creator_count) as now_count,
        sum(theirs.active_before_count) as before_count
    from shared as mine
    inner join shared as theirs
        on mine.niche_id = theirs.niche_id and mine.month = theirs.month and mine.platform <> theirs.platform
    where theirs.is_growth_told and mine.is_growth_told
    group by all
),

grown as (
    select
        shared.*,
        (shared.active_creator_count / shared.active_before_count) / (others.now_count / others.before_count) as growth_ratio,
        exp(
            1.96 * sqrt(
                1 / shared.active_creator_count + 1 / shared.active_before_count + 1 / others.now_count + 1 / others.before_count
            )
        ) as growth_factor
    from shared
    left join others using (platform, niche_id, month)
),

told as (
    select
        *,
        active_creator_count < {{ smallest_cell }} as is_suppressed
    from grown
    union all by name
    select
        * exclude (active_creator_count),
        active_creator_count,
        false as is_suppressed
    from judged
    where not is_covered
)

select
    platform,
    niche_id,
    month,
    coverage_ratio,
    is_suppressed,
    case when not is_covered then 'coverage' when is_suppressed then 'few_creators' end as null_reason,
    {%- set shown = "is_covered and not is_suppressed" %}
    case when {{ shown }} then active_creator_count end as active_creator_count,
    case when {{ shown }} then active_account_count end as active_account_count,
    case when {{ shown }} and not is_begin_unknown then new_creator_count end as new_creator_count,
    case when {{ shown }} then post_count end as post_count,
    case when {{ shown }} then post_share end as post_share,
    case when {{ shown }} then attention_count end as attention_count,
    case when {{ shown }} then attention_share end as attention_share,
    case when {{ shown }} then panel_account_count end as panel_account_count,
    case when {{ shown }} then round(attention_share_deflated, 9) end as attention_share_deflated,
    case when {{ shown }} then linked_person_count end as linked_person_count,
    case when {{ shown }} and not is_begin_unknown then new_account_count end as arrived_account_count,
    case when {{ shown }} and not is_begin_unknown then arrived_person_count end as arrived_person_count,
    case when {{ shown }} then regular_account_count end as regular_account_count,
    case when {{ shown }} and is_departure_told then departed_account_count end as departed_account_count,
    case when {{ shown }} and is_departure_told then departed_person_count end as departed_person_count,
    case when {{ shown }} and is_retention_told then retained_creator_count / active_creator_count end as retention_3_months_ratio,
    case when {{ shown }} then coalesce(comparable_post_count, 0) end as comparable_post_count,
    case when {{ shown }} then cross_post_count end as cross_post_count,
    case when {{ shown }} then cross_post_count / nullif(comparable_post_count, 0) end as cross_post_share,
    case when {{ shown }} then median_cross_post_lag_hours end as median_cross_post_lag_hours,
    first_month as first_seen_month,
    case when {{ shown }} then growth_ratio end as relative_growth_ratio,
    case when {{ shown }} then growth_ratio / growth_factor end as relative_growth_low_ratio,
    case when {{ shown }} then growth_ratio * growth_factor end as relative_growth_high_ratio,
    case
        when {{ shown }} and growth_ratio is not null
            then
                growth_ratio / growth_factor > 1
                and first_month > first_month_of_all
                and month <= first_month + interval 6 month
    end as is_emerging
from told
order by platform, niche_id, month
