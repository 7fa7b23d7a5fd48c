"""What content pages put into the kernel's registries."""
