"""What derivatives cost: the in-house engine beside hand-written NumPy and the libraries, in one
run.
"""
