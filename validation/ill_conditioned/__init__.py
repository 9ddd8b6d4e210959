"""Ill-conditioned but honest programs, written by hand: no honest engine may be called wrong."""
