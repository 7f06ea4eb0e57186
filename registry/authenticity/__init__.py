"""Is a series really that machine's? Pure detectors, each explaining what speaks against the data; a person decides."""
