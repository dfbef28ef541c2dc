"""News feeds of mainstream outlets: RSS, Atom and JSON Feed to mainstream items. Files only."""
