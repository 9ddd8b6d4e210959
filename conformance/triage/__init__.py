"""Triage: reduces findings, locates the step at fault, groups findings by root cause, and bisects
releases.
"""
