"""The duties of the house, one file each: `run(duties, *, now, system_now) -> items worked`."""
