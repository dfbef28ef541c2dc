{{ stage(source('wikipedia', 'attention_series'), ["series_key", "period_starts_at"]) }}
