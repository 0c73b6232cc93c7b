"""Evolution strategies against those of other libraries: evaluations, time and memory."""
