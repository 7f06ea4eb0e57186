"""Messages of other makers that become bundles: plain JSON and Sparkplug B."""
