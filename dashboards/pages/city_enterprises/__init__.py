"""The pages of the city's enterprises."""
