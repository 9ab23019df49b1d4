"""The dialect of JSON Schema that the schemas of ads are written in: its keywords, flat schemas and engines.

It may import `findings` and what lies below.
"""
