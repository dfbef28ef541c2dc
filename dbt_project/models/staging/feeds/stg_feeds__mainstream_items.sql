{{ stage_rows('feeds', 'mainstream_items', 'item_key') }}
