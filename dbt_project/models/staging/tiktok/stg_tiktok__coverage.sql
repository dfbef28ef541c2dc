{{ stage(source('tiktok', 'coverage'), ["source", "landed_night"]) }}
