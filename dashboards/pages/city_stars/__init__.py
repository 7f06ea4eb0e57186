"""The page of the star rating."""
