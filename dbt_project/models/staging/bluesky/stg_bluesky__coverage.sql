{{ stage_rows('bluesky', 'coverage', 'source, covered_on, landed_night') }}
