"""Benchmarks: the speed of the engines, of the sandbox and of campaigns."""
