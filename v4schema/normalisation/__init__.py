"""Fixing what can be fixed without guessing: names first, then the steps that the schemas name.

It may import `validation` and packages below it.
"""
