"""How well Recon reads repositories whose answers are known: `python -m benchmarks.recon FILE...`."""
