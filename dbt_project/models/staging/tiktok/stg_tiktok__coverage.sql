{{ stage_rows('tiktok', 'coverage', 'source, covered_on, landed_night') }}
