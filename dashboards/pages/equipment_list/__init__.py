"""All machines as a table."""
