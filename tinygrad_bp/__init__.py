"""A minimal autograd engine that shows its work."""
