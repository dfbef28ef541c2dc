{{ stage(source('instagram', 'interactions'), ["interaction_key"]) }}
