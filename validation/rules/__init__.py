"""Rule coverage: which derivative rules of an engine's own tables cases use, at which level."""
