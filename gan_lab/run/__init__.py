"""A run on the disk: its folder, its checkpoints, its curves, and what is read back of them."""
