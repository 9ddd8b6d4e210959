"""Strategies that draw cases: operation by operation, with the values known."""
