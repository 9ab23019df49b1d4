"""Carrying ads from one edition to another, and back.

It may import `normalisation` and packages below it.
"""
