"""The repository's own package of this name."""

OWNER = "mylib"
