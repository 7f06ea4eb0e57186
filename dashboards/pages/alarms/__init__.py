"""The pages about alarms: list, journal, performance, rules."""
