"""The operations of the catalogue written a second time, in mpmath, to check certified derivatives.

Nothing here uses the functions with which `certify` computes: not those of generators/arithmetic,
nor `evaluate` and `definition` of the catalogue.
"""
