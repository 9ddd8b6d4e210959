"""What the primitives of JAX are in operations of the catalogue: tables, one row per primitive."""
