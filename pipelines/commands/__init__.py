"""One module per command of ``undercurrent``: reads arguments, prints; the work is done elsewhere."""
