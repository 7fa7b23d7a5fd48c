"""What this app puts into the kernel's registries."""
