"""Who evaluates lifetimes: compiled kernels and the pools that run them."""
