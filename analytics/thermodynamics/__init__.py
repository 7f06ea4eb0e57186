"""Properties of what flows through machines: water, steam and air."""
