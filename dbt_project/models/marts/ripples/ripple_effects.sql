select
    precedence.*,
    case
        when precedence.q_value < 0.05 and findings.claim = 'lead_first' and precedence.precedence_probability > 0.5 then 1
        when precedence.q_value < 0.05 and findings.claim = 'target_first' and precedence.precedence_probability < 0.5 then 1
        else 0
    end as evidence_level
from {{ derived_rows('trend_precedence') }} as precedence
left join {{ derived_rows('precedence_findings') }} as findings
    on precedence.target_class = findings.target_class and findings.period = 'all'
