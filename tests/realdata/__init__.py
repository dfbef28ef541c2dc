"""The real files of the eight sources, laid out as an inbox, and the account of every record in them."""
