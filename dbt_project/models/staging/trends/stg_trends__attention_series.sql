{{ stage(source('trends', 'attention_series'), ["series_key", "period_starts_at"]) }}
