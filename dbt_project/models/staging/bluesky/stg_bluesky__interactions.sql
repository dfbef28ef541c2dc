{{ stage(source('bluesky', 'interactions'), ["interaction_key"]) }}
