"""Star rating of enterprises on the cloud: tables as data, a pure rating, applications."""
