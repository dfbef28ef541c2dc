{{ config(pre_hook="{{ keep_last_night() }}") }}

select
    platform,
    min(published_at) as began_at
from {{ ref("int_publications") }}
group by all
