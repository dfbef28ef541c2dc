-- Who is named has a row among the trend's published adopters; a post is named beside its author only.
with adopters as (
    select distinct
        trend_key,
        account_key
    from {{ ref("trend_adoptions") }}
)

select
    evidence.evidence_key,
    evidence.trend_key,
    candidates.label,
    evidence.target_class,
    evidence.evidence_kind,
    evidence.evidence_level::integer as evidence_level,
    evidence.item_key,
    adopters.account_key,
    case when adopters.account_key is not null then evidence.post_key end as post_key,
    evidence.observed_at,
    evidence.value,
    evidence.p_value,
    evidence.q_value,
    evidence.method_version,
    evidence.params_hash
from {{ source("derived", "ripple_evidence") }} as evidence
inner join {{ ref("int_trend_candidates") }} as candidates on evidence.trend_key = candidates.trend_key
left join adopters on evidence.trend_key = adopters.trend_key and evidence.account_key = adopters.account_key
-- Who is no adopter is no evidence that one was early.
where evidence.evidence_kind <> 'insider_adopter' or adopters.account_key is not null
order by evidence.evidence_key
