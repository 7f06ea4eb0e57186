"""Plans with their progress, trainings, pilots, frozen counts, and the province."""
