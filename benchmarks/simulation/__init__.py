"""A pool of any size on paper: measured costs, a simulated driver, real runs beside it."""
