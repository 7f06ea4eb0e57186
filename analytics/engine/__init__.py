"""Runs the analytics: what is due, over which windows, on which machines, and where the results go."""
