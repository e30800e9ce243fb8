"""Languages that are built with their own tools: one module each, `build(work)` in every one."""
