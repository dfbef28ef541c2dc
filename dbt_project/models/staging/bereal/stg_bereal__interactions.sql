{{ stage(source('bereal', 'interactions'), ["interaction_key"]) }}
