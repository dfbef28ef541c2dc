{{ config(post_hook="{{ export_parquet('exchange') }}") }}
with labelled as (
    select
        date_trunc('month', published_at)::date as month, platform, account_key,
        unnest(list_distinct(list_concat(tags, case when community is null then [] else ['community:' || community] end))) as tag
    from {{ ref('int_posts') }}
    where account_key is not null
)

select month, platform, account_key, tag, count(*) as post_count
from labelled
group by all
order by all
