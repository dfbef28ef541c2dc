select
    cascades.trend_key,
    candidates.label,
    cascades.born_month,
    cascades.adopter_count,
    cascades.contact_adopter_count,
    cascades.coverage_ratio,
    cascades.null_reason,
    cascades.parented_adopter_count,
    cascades.parented_adopter_count / nullif(cascades.adopter_count, 0) as parented_share,
    cascades.explicit_adopter_count,
    cascades.tree_count,
    cascades.lone_adopter_count,
    cascades.largest_size_count,
    cascades.largest_size_count / nullif(cascades.adopter_count, 0) as largest_tree_share,
    cascades.largest_depth,
    cascades.largest_breadth_count,
    cascades.structural_virality,
    cascades.largest_broadcast_share,
    {%- for group in ["micro", "mid", "large", "brand", "media"] %}
    cascades.{{ group }}_adopter_count,
    cascades.reproduction_{{ group }},
    cascades.reproduction_{{ group }}_low,
    cascades.reproduction_{{ group }}_high,
    {%- endfor %}
    cascades.method_version,
    cascades.params_hash
from {{ source("derived", "trend_cascades") }} as cascades
inner join {{ ref("int_trend_candidates") }} as candidates on cascades.trend_key = candidates.trend_key
order by cascades.trend_key
