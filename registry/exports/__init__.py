"""Tables of a city as files: XLSX for offices, CSV for whoever reads anything, Parquet for programs."""
