"""The acceptance tests of the estimator and of what is built on it, by their numbers. Synthetic people throughout, never evidence."""
