{{ stage_rows('bluesky', 'deletions', 'subject_type, subject_key') }}
