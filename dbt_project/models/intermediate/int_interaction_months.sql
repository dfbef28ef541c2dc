{{ config(post_hook="{{ export_parquet(this, 'exchange') }}") }}

select
    date_trunc('month', event_day)::date as month,
    platform,
    source_account_key,
    target_account_key,
    count(*) as interaction_count
from {{ ref("int_interactions") }}
where
    source_account_key is not null
    and target_account_key is not null
    and source_account_key <> target_account_key
group by all
order by all
