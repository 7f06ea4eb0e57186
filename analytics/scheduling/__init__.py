"""Scheduling of job shops and flexible job shops, and trading of the capacity that a plan leaves free."""
