"""Programs as text in an engine's language."""
