{{ stage(source('mastodon', 'deletions'), ["subject_type", "subject_key"]) }}
