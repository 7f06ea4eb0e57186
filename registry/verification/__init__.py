"""Is what was migrated the same? Two databases, or a folder and a database, compared bucket by bucket."""
