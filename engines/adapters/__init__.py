"""One file per library: each makes engines of it."""
