"""Releases under load: requests of many kinds go on arriving while one release after another goes through."""
