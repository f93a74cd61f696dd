"""What a study says: frozen, versioned, checksummed documents. Pure."""
