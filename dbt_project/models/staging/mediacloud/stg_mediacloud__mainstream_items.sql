{{ stage(source('mediacloud', 'mainstream_items'), ["item_key"], prefers="title is not null") }}
