"""Simulated machines on real servers that can be told to fail, with a log of every value that they served."""
