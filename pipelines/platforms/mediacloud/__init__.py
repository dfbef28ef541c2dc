"""Media Cloud: stories of online news that match a query, by its search API and the archive behind it."""
