"""Functions that users wrote, imported as programs of catalogue operations: one module per library."""
