"""Engines in Julia."""
