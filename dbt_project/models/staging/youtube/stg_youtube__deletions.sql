{{ stage(source('youtube', 'deletions'), ["subject_type", "subject_key"]) }}
