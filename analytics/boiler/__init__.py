"""Boilers."""
