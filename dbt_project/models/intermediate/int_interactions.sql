with interactions as (
    {{ all_platforms("interactions") }}
),

resolved as (
    select
        interactions.* exclude (target_account_key),
        coalesce(interactions.target_account_key, target_posts.account_key) as target_account_key
    from interactions
    left join {{ ref("int_posts") }} as target_posts
        on interactions.target_post_key = target_posts.post_key
)

select resolved.*
from resolved
left join {{ ref("int_deletions") }} as deletions
    on deletions.subject_key in (resolved.post_key, resolved.source_account_key, resolved.interaction_key)
where deletions.subject_key is null
qualify row_number() over (partition by resolved.interaction_key order by resolved.observed_at desc, resolved.landed_night desc) = 1
