"""The pages of power forecasts."""
