"""Forecasts of wind and solar power from weather forecasts and what was measured, and their assessment by grid rules."""
