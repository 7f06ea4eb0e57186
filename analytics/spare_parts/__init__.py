"""Spare parts: demand that comes now and then, what to keep in stock, when to replace and what to order."""
