# For mypy, as the namespace has no file: it would take the folder conformance/known_failures, which
# has data only, for the module of that name.
