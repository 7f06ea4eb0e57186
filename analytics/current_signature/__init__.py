"""What a motor's currents tell of its rotor, its air gap and its windings."""
