{{ stage_rows('tiktok', 'deletions', 'subject_type, subject_key') }}
