"""Words come in, counts of their letters come out; Redis is between."""
