"""The JSON resources under /api; each module here has a ``router`` and is found by its being here."""
