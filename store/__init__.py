"""The database: schema, writing exactly once, and reading; the only package that speaks SQL."""
