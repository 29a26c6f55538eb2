"""Programs that make what the package ships and the tables that the documentation prints."""
