"""Every recipe trained with its stated budget, and docs/zoo.md written of what came of it."""
