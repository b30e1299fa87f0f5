"""Networks: what they are made of, how they learn, and what they learn from.

nn            Module, Neuron, Layer, MLP
activations   what a neuron may make of its net input
losses        how far outputs are from targets
optim         SGD, Adam, AdamW
schedules     learning rates that change with the steps
optimizer_state  what an optimizer is set to and remembers, as plain data
training/     `train`: epochs, batches, engines
data/         tables to learn from, and files of your own
scaling       how the columns of a table were scaled
recipe        what suits a table
notes         what the numbers of a network mean
saving        `save` and `load`
prediction    what a saved network says of a table
seeds         where random numbers come from
walking       what is inside a thing that may hold parameters
"""
