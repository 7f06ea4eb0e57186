"""What a city has promised, and how far it is: targets, trainings, pilots, against counts, labels and declarations."""
