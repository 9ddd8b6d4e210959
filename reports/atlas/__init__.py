"""The atlas: which derivatives each engine gets right, looked up by operation."""
