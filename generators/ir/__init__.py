"""Programs, cases, modes and operators as data: their evaluation, and their files."""
