{{ stage(source('feeds', 'mainstream_items'), ["item_key"]) }}
