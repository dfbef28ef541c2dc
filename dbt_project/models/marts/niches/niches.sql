select
    niche_id,
    arg_max(name, month) as name,
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
order by niche_id
