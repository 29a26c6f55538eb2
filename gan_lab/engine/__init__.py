"""Lightning's trainer without what a step does not need, and the arithmetic under it."""
