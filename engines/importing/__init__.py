"""Functions that users wrote, imported as programs of the catalogue: a module per library."""
