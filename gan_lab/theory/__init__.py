"""What GAN theory says, checked on the lab's own losses and regularizers."""
