"""Reorder lists of spare parts, made while people wait."""
