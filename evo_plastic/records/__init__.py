"""Run directories and what lies in them: manifest, metrics, checkpoints, genomes."""
