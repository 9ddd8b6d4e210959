"""The pytest suite: plugin, options, one run, and what a failure prints."""
