"""The pages; each folder here has a ``page.py`` with a ``router``, its templates, and what browsers fetch in ``static``."""
