"""Power forecasts of plants in the database: read, trained, issued, assessed."""
