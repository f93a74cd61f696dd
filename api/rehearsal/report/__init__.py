"""What a rehearsal found: figures from its dataset, warnings for its authors, a summary on the screen and a page of plots."""
