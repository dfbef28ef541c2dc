-- What the data say is gone, and what was erased: by its ledger, since an erased subject has no row left that would say so.
with stated as (
    {{ all_platforms("deletions") }}
),

erased as (
    select
        platform,
        subject_type,
        subject_key,
        requested_at as deleted_at
    from read_parquet('{{ data_root() }}/ledger/erasures.parquet')
    where subject_type in ('post', 'account', 'interaction', 'follow')
),

deletions as (
    select
        platform,
        subject_type,
        subject_key,
        deleted_at
    from stated
    union all
    select * from erased
)

select
    platform,
    subject_type,
    subject_key,
    min(deleted_at) as deleted_at
from deletions
group by all
