"""Functions over NumPy arrays: of NumPy, SciPy, autograd, the array API, and `math`."""
