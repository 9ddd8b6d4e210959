"""What can be asked: operations, programs, the strategies that draw them, their text in an engine's
language.
"""
