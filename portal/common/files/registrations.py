"""What stored files put into the kernel's registries."""
