"""Cloud side: from MQTT to the database, exactly once."""
