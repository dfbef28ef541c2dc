-- depends_on: {{ ref('int_relation_touched_months') }}
{{ config(
    materialized="incremental", incremental_strategy="replace_days", on_schema_change="fail",
    meta={"replaces_days": false, "replaced_by_list": {"keys": ["month"], "listed_in": "int_relation_touched_months"}},
    post_hook="{{ export_months(this, 'month', 'select month from ' ~ ref('int_relation_touched_months')) }}"
) }}

-- Four bins to a doubling of the minutes: bin b holds (2^((b-1)/4), 2^(b/4)], bin 0 what is below a minute.
select
    month,
    platform,
    account_key,
    case
        when followed_hours * 60 <= 1 then 0
        else ceil(round(4 * log2(followed_hours * 60), 9))
    end::bigint as latency_bin,
    count(*) filter (where is_answered) as answered_count,
    count(*) filter (where not is_answered) as censored_count
from {{ ref("int_inbound_replies") }}
where
    followed_hours is not null
    and (account_key, month) in (
        select (account_key, month) from {{ ref("int_account_months") }}
    )
group by all
