"""Timed tasks: what a study sets, what a phone sends trial by trial, and how the server scores it. docs/tasks.md has the equations."""
