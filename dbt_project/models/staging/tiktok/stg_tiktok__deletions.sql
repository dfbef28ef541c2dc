{{ stage(source('tiktok', 'deletions'), ["subject_type", "subject_key"]) }}
