"""The pytest suite: options, one run of it, and what a failure prints."""
