"""Fixing what can be fixed without guessing: names, then the steps that schemas name.

It may import `validation` and what lies below.
"""
