"""Enterprises, and what of theirs is really on the cloud."""
