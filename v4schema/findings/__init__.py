"""The results of a check: findings, levels, kinds and reports. It may import `document` and packages below it."""
