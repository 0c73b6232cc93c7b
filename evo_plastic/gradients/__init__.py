"""The torch backend: the same networks, from the same genome vector, with gradients."""
