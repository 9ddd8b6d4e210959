"""How cases are drawn: step by step, with all intermediate values known."""
