"""The gradient as another graph, so that it can be differentiated again; and autograd held against numerical differences."""
