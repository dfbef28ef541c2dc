-- The kept list of phrases: which words are looked for in texts, and from which day on.
select
    phrase,
    source,
    listed_on,
    watched_from_on
from read_parquet('{{ data_root() }}/state/phrases.parquet')
