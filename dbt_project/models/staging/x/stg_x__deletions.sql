{{ stage(source('x', 'deletions'), ["subject_type", "subject_key"]) }}
