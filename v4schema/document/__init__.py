"""JSON text and values: pointers, positions, edits and rewriting.

It knows nothing of ads, and imports nothing above `errors`.
"""
