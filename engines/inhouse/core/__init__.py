"""The engine itself: trace a function, differentiate its graph, and differentiate the result again.

Read graph.py, tracing.py, passes.py and nesting.py, in this order.
"""
