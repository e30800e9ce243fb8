"""CloudFormation resource types as the local cloud does them, on top of what the emulator does itself."""
