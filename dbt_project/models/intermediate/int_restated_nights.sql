-- Nights whose posts' texts are read anew: what they told before is replaced.
select
    platform,
    landed_night
from read_parquet('{{ data_root() }}/state/restated_nights.parquet')
