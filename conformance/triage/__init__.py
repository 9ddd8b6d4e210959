"""From findings to causes: reduce, locate, group, and bisect over releases."""
