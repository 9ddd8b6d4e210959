"""Enzyme, on the two representations of programs that it differentiates in Python."""
