"""Fuzz: the whole described API by schemathesis, and mutated bodies on the response route."""
