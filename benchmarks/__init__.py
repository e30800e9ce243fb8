"""Measurements of HiveMind against its peers: `python -m benchmarks`, or `make bench`."""
