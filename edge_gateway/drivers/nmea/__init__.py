"""NMEA 0183 (IEC 61162-1) and AIS: what a ship's instruments tell, heard over UDP or TCP."""
