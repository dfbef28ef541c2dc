-- The seed of outlets with its handles and native ids turned to keys, which only who holds the secret can do: written before dbt begins.
select
    platform,
    key_kind,
    key,
    outlet_name,
    outlet_class
from read_parquet('{{ data_root() }}/state/outlet_keys.parquet')
