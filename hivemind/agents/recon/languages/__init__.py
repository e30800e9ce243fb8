"""One module (or package) a language. Each is asked for every folder, and silent where it sees nothing of its own.

The rules for a module stand in `hivemind.agents.recon`.
"""
