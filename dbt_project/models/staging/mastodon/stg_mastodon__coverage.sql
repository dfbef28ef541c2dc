{{ stage_rows('mastodon', 'coverage', 'source, covered_on, landed_night') }}
