"""Functions that users wrote, imported as programs of catalogue operations."""
