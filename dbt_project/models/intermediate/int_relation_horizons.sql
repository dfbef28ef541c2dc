{{ config(pre_hook="{{ keep_last_night() }}") }}

-- Until when the replies of a platform are known: what is newer than that cannot have been answered yet.
select
    platform,
    max(last_post_at) as known_until
from {{ ref("int_account_days") }}
group by all
