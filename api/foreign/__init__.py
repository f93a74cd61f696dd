"""Foreign formats, as bytes in and values out. Pure: nothing here opens a file, and nothing that a file says is ever run."""
