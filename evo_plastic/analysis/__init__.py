"""What trained genomes do: evaluation, tables, figures. Reads runs, never trains."""
