"""HIPS autograd: the adapter, and its templates."""
