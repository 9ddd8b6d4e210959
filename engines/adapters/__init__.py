"""Adapters: for each library a module or a folder, which defines its engines."""
