"""The plant side: reads machines, keeps every sample on disk and publishes it until the cloud has said that it is committed."""
