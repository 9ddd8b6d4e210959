"""What operations compute: on NumPy arrays, and on certified balls."""
