"""Operand strategies for layers on batches, whose operands are larger than other values."""
