{{ stage(source('bereal', 'deletions'), ["subject_type", "subject_key"]) }}
