-- Months whose cross-posts tonight's rows open again: the touched ones, and the ones after, where a copy can follow a post of the last days.
select month from {{ ref("int_touched_months") }}
union
select (month + interval 1 month)::date as month from {{ ref("int_touched_months") }}
