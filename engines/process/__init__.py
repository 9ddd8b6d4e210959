"""Where an engine runs: worker processes, their environments, and releases."""
