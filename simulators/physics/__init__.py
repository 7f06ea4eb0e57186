"""The laws that machines obey: functions and small models on arrays, each with its source."""
