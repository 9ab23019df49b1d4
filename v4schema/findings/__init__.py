"""What is found about an ad: findings, levels, kinds and reports.

It may import `document`.
"""
