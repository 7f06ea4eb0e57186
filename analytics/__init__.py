"""What the values mean: alarms, energy, losses, spectra. Functions are pure; `analytics.alarms.worker` is a process."""
