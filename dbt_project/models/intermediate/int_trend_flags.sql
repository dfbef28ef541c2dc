{{ config(post_hook="{{ export_parquet(this, 'exchange') }}") }}

-- What speaks against a trend as evidence: its first adopters were paid for, or run by programs. By the same formula as commercial_trends.
with counted as (
    select
        *,
        commercial_first_count / nullif(judged_first_count, 0) as commercial_share_first100,
        judged_first_count - commercial_first_count as other_first_count
    from {{ ref("int_trend_commercial") }}
),

{{ judged_astroturf() }},

-- Of two adoptions in one moment the one whose key comes first: the same order as in the count of commercial adopters.
first_adopters as (
    select
        trend_key,
        platform,
        account_key
    from {{ ref("int_trend_adoptions") }}
    where actor_class not in ('brand', 'media')
    qualify row_number() over (partition by trend_key order by adopted_at, account_key) <= 100
),

suspicions as (
    select
        first_adopters.trend_key,
        count(*) as first_adopter_count,
        count(*) filter (where classes.is_suspected_automated) as suspected_first_count
    from first_adopters
    left join {{ ref("int_account_classes") }} as classes using (platform, account_key)
    group by all
)

select
    candidates.trend_key,
    coalesce({{ is_astroturf() }}, false) as is_astroturf,
    coalesce(suspicions.first_adopter_count, 0)::bigint as first_adopter_count,
    coalesce(suspicions.suspected_first_count, 0)::bigint as suspected_first_count
from {{ ref("int_trend_candidates") }} as candidates
left join judged using (trend_key)
left join suspicions using (trend_key)
order by candidates.trend_key
