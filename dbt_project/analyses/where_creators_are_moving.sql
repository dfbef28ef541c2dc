-- Which platforms gain creators and attention, and where do linked persons go? Flows only where the month is covered.
select
    months.month,
    months.platform,
    months.active_creator_count,
    months.post_share,
    months.attention_share,
    months.arrived_account_count,
    months.departed_account_count,
    months.is_emerging,
    sum(moves.net_flow_count) as net_outflow_count,
    median(moves.median_moved_on) as moved_on
from {{ ref("platform_months") }} as months
left join {{ ref("platform_moves") }} as moves
    on months.platform = moves.from_platform and months.month = moves.month
where months.niche_id = '*' and months.null_reason is null
group by all
order by months.month desc, months.active_creator_count desc
