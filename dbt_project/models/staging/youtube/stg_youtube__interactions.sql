{{ stage(source('youtube', 'interactions'), ["interaction_key"]) }}
