"""Checks derivatives of functions that users wrote: `check` and `assert_derivatives`."""
