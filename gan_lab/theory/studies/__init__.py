"""The theory's questions, one short file each, with their figures."""
