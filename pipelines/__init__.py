"""Undercurrent: culture traced from small creators to the mainstream, night by night."""
