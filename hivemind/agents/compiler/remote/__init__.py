"""Builds on a build instance, by this same compiler: it goes there, the sources go there, the artifact comes back."""
