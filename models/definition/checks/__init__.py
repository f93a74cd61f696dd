"""What `check` looks for, a file per subject. Each gives faults in any order; `check` sorts them."""
