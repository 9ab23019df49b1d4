"""The dialect of JSON Schema that the schemas are written in: its keywords, flat schemas, and engines.

It may import `findings` and packages below it.
"""
