"""Engines whose inputs are symbols: a program is an expression before it has a value."""
