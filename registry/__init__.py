"""Enterprises and what of theirs is on the cloud, to come."""
