"""Named cases: the seed family, and points where functions are not smooth."""
