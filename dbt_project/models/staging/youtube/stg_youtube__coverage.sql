{{ stage_rows('youtube', 'coverage', 'source, covered_on, landed_night') }}
