"""Machines of a count, and the evidence for each."""
