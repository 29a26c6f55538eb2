"""Transfer, imitation, privacy and anomalies: the tables of docs/beyond.md."""
