-- Nights whose searches for phrases are read anew: what they told before is replaced.
select
    platform,
    searched_night
from read_parquet('{{ data_root() }}/state/searched_nights.parquet')
