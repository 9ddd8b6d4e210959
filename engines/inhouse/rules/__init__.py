"""The primitives: one record each, with shape, value, derivative and printed form.

table.py puts the records of all modules together.
"""
