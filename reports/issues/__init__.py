"""Buckets as files, and as issues to be filed."""
