"""Construction machines: how they are used, what they burn, when they need service, and what is wrong with them."""
