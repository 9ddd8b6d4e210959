"""Campaigns and reports: the command line."""
