-- depends_on: {{ ref('int_reached_interactions') }}
{{ config(
    materialized="incremental", incremental_strategy="replace_days", on_schema_change="fail",
    meta={"replaced_by_list": {"keys": ["interaction_key"], "listed_in": "int_reached_interactions"}}
) }}

with interactions as (
    {{ all_platforms("interactions", of_touched_days=is_incremental()) }}
    {% if is_incremental() %}
    union all by name
    select * from ({{ all_platforms("interactions") }}) as interactions_of_all_days
    where
        interaction_key in (select interaction_key from {{ ref("int_reached_interactions") }})
        and event_day not in {{ touched_day_list() }}
    {% endif %}
),

resolved as (
    select
        interactions.* exclude (target_account_key),
        interactions.target_account_key as stated_target_account_key,
        coalesce(interactions.target_account_key, target_posts.account_key) as target_account_key
    from interactions
    left join {{ ref("int_posts") }} as target_posts
        on interactions.target_post_key = target_posts.post_key
)

select resolved.*
from resolved
left join {{ ref("int_deletions") }} as deleted_edges on resolved.interaction_key = deleted_edges.subject_key
left join {{ ref("int_deletions") }} as deleted_posts on resolved.post_key = deleted_posts.subject_key
left join {{ ref("int_deletions") }} as deleted_accounts on resolved.source_account_key = deleted_accounts.subject_key
where
    deleted_edges.subject_key is null
    and deleted_posts.subject_key is null
    and deleted_accounts.subject_key is null
qualify row_number() over (
    partition by resolved.interaction_key
    order by resolved.observed_at desc, resolved.landed_night desc, resolved.event_day desc
) = 1
