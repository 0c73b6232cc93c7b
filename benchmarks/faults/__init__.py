"""What happens to a run when machines fail: injuries to real processes, and a table of them."""
