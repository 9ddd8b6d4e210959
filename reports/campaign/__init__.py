"""Campaigns: many cases through many engines, recorded."""
