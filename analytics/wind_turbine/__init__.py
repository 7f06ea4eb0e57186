"""Wind turbines: power curve, losses, yaw, fatigue, dispatch of a farm, and diagnosis."""
