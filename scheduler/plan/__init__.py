"""Which moments a study asks for: design + person + key -> occasions. Pure."""
