"""Operand strategies: they choose the operands and parameters of an operation."""
