"""Photovoltaic inverters with their strings: yields and losses, strings, soiling, ageing, I-V curves, faults."""
