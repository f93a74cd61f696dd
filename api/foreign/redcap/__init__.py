"""REDCap: data dictionaries, project XML and instrument archives; and a dictionary of our own instruments."""
