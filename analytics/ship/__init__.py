"""Ships: hull and propeller, engine, energy, safety, voyages."""
