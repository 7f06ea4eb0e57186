"""Alarms after ISA-18.2: rules, their evaluation, and what people do with the conditions that come of it."""
