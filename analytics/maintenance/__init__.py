"""Which machines need people first."""
