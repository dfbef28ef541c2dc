with members as (
    select
        assignments.niche_id,
        assignments.month,
        insiders.is_insider,
        coalesce(months.own_post_count, 0) as post_count,
        months.tier_at_last_own_post as tier,
        coalesce(classes.is_suspected_automated, false) as is_suspected
    from {{ source("derived", "niche_assignments") }} as assignments
    left join {{ source("derived", "niche_insiders") }} as insiders using (month, platform, account_key, niche_id)
    left join {{ ref("int_account_months") }} as months using (month, platform, account_key)
    left join {{ ref("int_account_classes") }} as classes using (platform, account_key)
    where assignments.niche_id is not null
),

counted as (
    select
        niche_id,
        month,
        count(*) filter (where post_count > 0) as active_member_count,
        count(tier) as known_tier_member_count,
        count(*) filter (where tier like 'micro%') as micro_member_count,
        count(is_insider) as insider_known_member_count,
        count(*) filter (where is_insider) as insider_member_count,
        sum(post_count)::bigint as post_count,
        sum(post_count * (post_count - 1))::bigint as same_member_pair_count,
        count(*) filter (where is_suspected) as suspected_member_count,
        count(*) filter (where post_count > 0 and not is_suspected) as unsuspected_active_member_count,
        count(tier) filter (where not is_suspected) as unsuspected_known_tier_member_count,
        count(*) filter (where tier like 'micro%' and not is_suspected) as unsuspected_micro_member_count,
        coalesce(sum(post_count) filter (where not is_suspected), 0)::bigint as unsuspected_post_count,
        coalesce(sum(post_count * (post_count - 1)) filter (where not is_suspected), 0)::bigint as unsuspected_same_member_pair_count
    from members
    group by all
),

concentrated as (
    select
        *,
        -- The chance that two posts, drawn without putting back, are of one member: the HHI without the bias of few posts.
        same_member_pair_count / nullif(post_count * (post_count - 1), 0) as activity_hhi,
        unsuspected_same_member_pair_count / nullif(unsuspected_post_count * (unsuspected_post_count - 1), 0) as unsuspected_activity_hhi
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
    concentrated.insider_known_member_count,
    concentrated.insider_member_count,
    concentrated.insider_member_count / nullif(concentrated.insider_known_member_count, 0) as insider_member_share,
    concentrated.suspected_member_count,
    concentrated.unsuspected_active_member_count,
    concentrated.unsuspected_known_tier_member_count,
    concentrated.unsuspected_micro_member_count,
    concentrated.unsuspected_micro_member_count / nullif(concentrated.unsuspected_known_tier_member_count, 0)
        as unsuspected_micro_member_share,
    concentrated.unsuspected_post_count,
    1 / nullif(concentrated.unsuspected_activity_hhi, 0) as unsuspected_effective_voice_count,
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
