"""What came of it: the command line."""
