"""Alarms as the web app holds and shows them."""
