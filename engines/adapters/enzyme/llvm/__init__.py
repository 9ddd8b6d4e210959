"""Enzyme on C++."""
