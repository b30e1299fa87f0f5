"""Networks: what they are made of, how they learn, and what they learn from.

nn            Module, Neuron, Layer, MLP
losses        how far outputs are from targets
optim         SGD, Adam, AdamW, and schedules
training/     `train`: epochs, batches, engines
data/         tables to learn from, and files of your own
saving        `save` and `load`
prediction    what a saved network says of a table
"""
