"""The certified derivative, and the tolerance for rounding."""
