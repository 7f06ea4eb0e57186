"""Projects of migration to the cloud: checklists, what a cut-over needs, effects, service levels, duties."""
