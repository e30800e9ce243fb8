"""Whether an application calls other services: what it depends on, and what its code does."""
