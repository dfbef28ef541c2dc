select
    niche_id,
    month,
    term,
    term_kind,
    term_rank,
    niche_user_count,
    other_user_count,
    c_tf_idf,
    log_odds,
    z_score,
    q_value,
    method_version,
    params_hash
from {{ source("derived", "niche_terms") }}
order by niche_id, month, term_rank, term_kind, term
