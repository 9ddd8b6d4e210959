"""What is right: certified finite differences, the allowance for rounding, verdicts, and the suite
that users run.
"""
