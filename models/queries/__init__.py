"""Every SQL statement, a file per noun. Each takes a Viewer or says why not."""
