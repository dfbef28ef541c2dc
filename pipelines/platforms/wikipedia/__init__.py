"""Wikipedia: how often its articles are read."""
