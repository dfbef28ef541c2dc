{{ stage_rows('mastodon', 'deletions', 'subject_type, subject_key') }}
