"""Validation of the project itself: planted faults, coverage, and the accuracy of triage."""
