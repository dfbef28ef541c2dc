-- Accounts of which tonight's rows may change the profile or whether they ever published.
with new_snapshots as (
    {{ all_platforms("accounts", of_touched_days=true) }}
)

select account_key from new_snapshots
union
select account_key from {{ ref("int_posts") }}
where account_key is not null and event_day in {{ touched_day_list() }}
union
select account_key from {{ ref("int_reached_posts") }}
where account_key is not null
union
-- Of which a snapshot was forgotten or removed for its age: no row of tonight would say so.
select account_key from read_parquet('{{ data_root() }}/state/rewritten_accounts.parquet')
{{ with_carried_rows() }}
