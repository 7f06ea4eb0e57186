"""Diesel engines of generator sets: what they burn, how they are used, what is wrong with them and what wears."""
