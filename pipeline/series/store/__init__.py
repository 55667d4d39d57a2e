"""Who reads, what was published, and what was sent to whom: the only place with SQL, on SQLite or Postgres."""
