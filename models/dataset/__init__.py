"""The researcher's read model: what a study collected up to one cut, as files that describe themselves."""
