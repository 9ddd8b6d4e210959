"""Templates of the wrappers of a nest, one module for each library."""
