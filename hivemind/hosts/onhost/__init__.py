"""The installer: what runs on an instance. Standard library only, Python 3.9 and later.

`hosts/installer.py` packs these modules into one file that travels with the artifact.
"""
