"""Detectors for any signal of any machine: pure functions over arrays."""
