"""The newest state of the plant, in memory, and how it is listed."""
