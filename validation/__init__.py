"""Validation of the tester: planted faults, and how many of them are found."""
