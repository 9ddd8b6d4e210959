"""The optimizer: identities that apply as nodes are made, and a last rewriting before printing."""
