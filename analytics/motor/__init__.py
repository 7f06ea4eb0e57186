"""Electric motors: efficiency, supply, vibration, heat, and what is wrong with them."""
