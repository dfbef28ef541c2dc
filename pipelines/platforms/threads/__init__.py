"""Threads: answers of the Threads API, scraped tables and web pages to canonical rows; the API live."""
