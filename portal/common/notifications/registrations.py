"""What notifications put into the kernel's registries."""
