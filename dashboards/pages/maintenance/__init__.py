"""The maintenance page."""
