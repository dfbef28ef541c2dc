select
    month,
    platform,
    tier,
    is_suppressed,
    account_count,
    post_count,
    token_count,
    {%- for name in ["second_person", "inclusive", "self_disclosure", "invitation", "intimacy"] %}
    {{ name }}_count,
    {{ name }}_rate,
    {{ name }}_low,
    {{ name }}_high,
    {%- endfor %}
    method_version,
    params_hash
from {{ source("derived", "parasocial_months") }}
order by month, platform, tier
