"""Sparkplug B 3.0: what the plant does now, for a SCADA host, beside the native publisher that loses nothing."""
