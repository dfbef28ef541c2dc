{{ stage(source('tiktok', 'interactions'), ["interaction_key"]) }}
