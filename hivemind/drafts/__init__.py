"""The first hivemind.yaml of a repository: what Recon can't find again, and what a person asked for. Pure."""
