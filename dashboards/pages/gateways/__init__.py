"""The gateways, and one of them."""
