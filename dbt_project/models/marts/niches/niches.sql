with described as (
    select
        niche_id,
        arg_max(name, month) as name,
        arg_max_null(scene, month) as scene,
        arg_max(top_tags, month) as top_tags,
        min(month) as first_month,
        max(month) as last_month,
        count(*)::bigint as month_count,
        arg_max(member_count, month) as member_count,
        arg_max(bootstrap_jaccard, month) as bootstrap_jaccard,
        arg_max(method_version, month) as method_version,
        arg_max(params_hash, month) as params_hash
    from {{ source("derived", "niche_profiles") }}
    group by niche_id
),

beginnings as (
    select
        niche_id,
        arg_min(event, month) as began_by
    from {{ source("derived", "niche_events") }}
    where event in ('birth', 'split')
    group by niche_id
),

endings as (
    select
        niche_id,
        arg_max(event, month) as ended_by,
        max(month) as ended_month
    from {{ source("derived", "niche_events") }}
    where event in ('death', 'merge')
    group by niche_id
),

last_months as (
    select distinct month
    from {{ source("derived", "niche_profiles") }}
    order by month desc
    limit {{ var("niche_lookback_months") }}
)

select
    described.niche_id,
    described.name,
    described.scene,
    described.top_tags,
    described.first_month,
    described.last_month,
    described.month_count,
    described.member_count,
    described.bootstrap_jaccard,
    beginnings.began_by,
    endings.ended_by,
    endings.ended_month,
    endings.ended_by is null and described.last_month >= (select min(month) from last_months) as is_alive,
    described.method_version,
    described.params_hash
from described
left join beginnings using (niche_id)
left join endings using (niche_id)
order by described.niche_id
