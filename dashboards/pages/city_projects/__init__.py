"""Cloud projects: list, checklist, evidence, decisions, effects, service level, duties, access review."""
