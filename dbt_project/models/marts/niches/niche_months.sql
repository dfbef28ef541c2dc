with members as (
    select
        assignments.niche_id,
        assignments.month,
        assignments.membership_strength,
        coalesce(months.own_post_count, 0) as post_count,
        months.tier_at_last_own_post as tier
    from {{ source("derived", "niche_assignments") }} as assignments
    left join {{ ref("int_account_months") }} as months using (month, platform, account_key)
    where assignments.niche_id is not null
),

counted as (
    select
        niche_id,
        month,
        count(*) filter (where post_count > 0) as active_member_count,
        count(tier) as known_tier_member_count,
        count(*) filter (where tier like 'micro%') as micro_member_count,
        count(*) filter (where membership_strength >= {{ var("insider_membership_strength") }}) as insider_member_count,
        sum(post_count)::bigint as post_count,
        sum(post_count * (post_count - 1))::bigint as same_member_pair_count
    from members
    group by all
),

concentrated as (
    select
        *,
        -- The chance that two posts, drawn without putting back, are of one member: the HHI without the bias of few posts.
        same_member_pair_count / nullif(post_count * (post_count - 1), 0) as activity_hhi
    from counted
)

select
    profiles.niche_id,
    profiles.month,
    profiles.name,
    profiles.scene,
    profiles.top_tags,
    profiles.member_count,
    concentrated.active_member_count,
    concentrated.known_tier_member_count,
    concentrated.micro_member_count,
    concentrated.micro_member_count / nullif(concentrated.known_tier_member_count, 0) as micro_member_share,
    concentrated.post_count,
    concentrated.activity_hhi,
    1 / nullif(concentrated.activity_hhi, 0) as effective_voice_count,
    concentrated.insider_member_count,
    concentrated.insider_member_count / profiles.member_count as insider_member_share,
    profiles.bootstrap_jaccard,
    profiles.predecessor_jaccard,
    profiles.match_threshold,
    profiles.distinctness_bits,
    profiles.distinctness_null_bits,
    profiles.method_version,
    profiles.params_hash
from {{ source("derived", "niche_profiles") }} as profiles
inner join concentrated using (niche_id, month)
order by profiles.niche_id, profiles.month
