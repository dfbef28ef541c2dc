-- Trends whose commercial adopters are counted anew: those made anew tonight, and those of which an adopter's month was touched, since what is
-- expected of an adopter hangs on all posts of that month.
select trend_key from {{ ref("int_open_trends") }}
union
select trend_key from {{ ref("int_trend_adoptions") }}
where date_trunc('month', adopted_at)::date in (select month from {{ ref("int_touched_months") }})
