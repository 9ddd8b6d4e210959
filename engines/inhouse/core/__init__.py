"""The engine itself, in four files to be read in this order: graph, tracing, passes, nesting."""
