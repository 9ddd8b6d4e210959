"""Tests of checks of functions that users wrote."""
