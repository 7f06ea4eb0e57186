"""Statements of use as a service: keys, the days that are missing, checking what is kept."""
