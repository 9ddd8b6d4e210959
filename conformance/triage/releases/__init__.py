"""Bisection over releases: in which release a finding begins or ends."""
