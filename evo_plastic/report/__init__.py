"""The report page: a training run as one HTML file that opens without a network."""
