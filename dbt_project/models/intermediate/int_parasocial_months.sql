-- depends_on: {{ ref('int_touched_months') }}
{{ config(
    materialized="incremental", incremental_strategy="replace_days", on_schema_change="fail",
    meta={"replaces_days": false, "replaced_by_list": {"keys": ["month"], "listed_in": "int_touched_months"}},
    post_hook="{{ export_months(this, 'month', 'select month from ' ~ ref('int_touched_months')) }}"
) }}

-- Own posts of creators in languages with a lexicon: in others nothing was counted.
select
    date_trunc('month', signals.event_day)::date as month,
    signals.platform,
    signals.account_key,
    coalesce(signals.tier_at_post, 'unknown') as tier,
    count(*) as post_count,
    sum(signals.token_count)::bigint as token_count
    {%- for name in ["second_person", "inclusive", "self_disclosure", "invitation", "intimacy"] %},
    sum(signals.{{ name }}_count)::bigint as {{ name }}_count
    {%- endfor %}
from {{ ref("int_post_text_signals") }} as signals
inner join {{ ref("int_accounts") }} as accounts on signals.account_key = accounts.account_key
where
    accounts.actor_class = 'creator'
    and signals.post_type in ('post', 'quote', 'video', 'story', 'live')
    and signals.second_person_count is not null
    {% if is_incremental() %}
    and date_trunc('month', signals.event_day)::date in (select month from {{ ref("int_touched_months") }})
    {% endif %}
group by all
