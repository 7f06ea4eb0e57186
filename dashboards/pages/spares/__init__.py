"""The page of spare parts."""
