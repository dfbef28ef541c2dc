{{ config(post_hook="{{ export_parquet(this, 'exchange') }}") }}

-- Items that link to the post of somebody who had used the trend, where the address tells the author and not the post. That alone does not
-- say which trend the link is about: the item's tags or title do.
with items as (
    select
        trend_key,
        item_key,
        published_high_at,
        unnest(credited_handle_keys) as handle_key
    from {{ ref("int_mainstream_matches") }}
    where len(credited_handle_keys) > 0 and (is_tag_match or is_title_match) and published_high_at is not null
)

select
    items.trend_key,
    items.item_key,
    adoptions.account_key,
    min(adoptions.adopted_at) as credited_at
from items
inner join {{ ref("int_account_profiles") }} as profiles on items.handle_key = profiles.handle_key
inner join {{ ref("int_trend_adoptions") }} as adoptions
    on
        items.trend_key = adoptions.trend_key
        and profiles.account_key = adoptions.account_key
        and adoptions.adopted_at < items.published_high_at
where adoptions.actor_class not in ('brand', 'media')
group by all
order by items.trend_key, items.item_key, adoptions.account_key
