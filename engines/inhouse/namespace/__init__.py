"""The functions that a program is written with: the array API standard's, and more."""
