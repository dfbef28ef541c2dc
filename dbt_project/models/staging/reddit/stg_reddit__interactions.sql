{{ stage(source('reddit', 'interactions'), ["interaction_key"]) }}
