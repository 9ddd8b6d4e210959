"""Functions over NumPy arrays: `numpy`, `scipy.special`, `autograd.numpy`, the array API, `math`."""
