"""The version of HiveMind."""

__version__ = "0.1.0"
