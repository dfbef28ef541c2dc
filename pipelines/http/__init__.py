"""One client for all live sources: retry law, budgets from headers, paging, pages on disk before they are parsed, redaction."""
