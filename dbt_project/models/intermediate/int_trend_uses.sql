{# First use of every hashtag by every actor; outlets only join tags that creators used. #}
with uses as (
    select platform, account_key, actor_class, tier, is_tier_imputed, published_at, ts_quality, unnest(list_distinct(tags)) as tag
    from {{ ref('int_actor_posts') }}
),

hashtags as (
    select distinct unnest(tags) as tag from {{ ref('int_posts') }}
)

select uses.*
from uses
inner join hashtags on uses.tag = hashtags.tag
qualify row_number() over (partition by uses.tag, uses.account_key order by uses.published_at, uses.platform) = 1
