"""The functions that operations compute, on NumPy arrays and on certified balls."""
