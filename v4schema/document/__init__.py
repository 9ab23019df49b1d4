"""JSON text and values: pointers, positions, edits and rewriting. It knows nothing about ads. It may import `errors`."""
