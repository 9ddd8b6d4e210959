"""How each operation chooses its operands and parameters."""
