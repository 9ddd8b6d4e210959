"""From the graph to NumPy source, and the functions that the source calls."""
