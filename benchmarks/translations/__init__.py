"""Every recipe that translates, trained and measured beside what needs no learning."""
