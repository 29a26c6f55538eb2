"""Comparison of runs: their folders in, tables and figures out."""
