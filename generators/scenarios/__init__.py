"""Named cases: the programs that started the project, and points where functions are not smooth."""
