"""One network trained on eight devices: JAX shards the rows, every device has all weights, and the gradients are added up across devices.

The devices are virtual ones of one CPU here; on a machine or a cluster with real ones nothing but their number changes. It prints:

    8 devices, 8 rows on each
    error before: 0.300
    error after 100 steps: 0.225
    weights as on one device, to 12 digits: True
"""

import os

os.environ["XLA_FLAGS"] = "--xla_force_host_platform_device_count=8"  # before JAX is imported

import jax
import jax.numpy as jnp
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from tinygrad_bp import MLP, Value, compile, grad

jax.config.update("jax_enable_x64", True)

# One row's error and gradient, recorded once and written as a function of arrays.
net = MLP(2, [8, 1], activation=["tanh", "sigmoid"], seed=1)
x1, x2, target = Value(0.0, "x1"), Value(0.0, "x2"), Value(0.0, "target")
error = (net([x1, x2])[0] - target) ** 2
parameters = net.parameters()
program = compile([error, grad(error, parameters)], [*parameters, x1, x2, target]).to("jax")

# 64 points; those inside the circle belong to class 1.
points = jax.random.uniform(jax.random.key(0), (64, 2), minval=-1.0, maxval=1.0)
rows = jnp.column_stack([points, jnp.sum(points**2, axis=1) < 0.5])


@jax.jit
def step(weights, rows):
    errors, gradients = program(*weights, *rows.T)
    return [w - 0.5 * jnp.mean(g) for w, g in zip(weights, gradients, strict=True)], jnp.mean(errors)


def train(rows, weights):
    errors = []
    for _ in range(101):
        weights, mean = step(weights, rows)
        errors.append(float(mean))
    return errors, [float(w) for w in weights]


start = [jnp.asarray(p.data) for p in parameters]
mesh = Mesh(jax.devices(), ("rows",))
sharded = jax.device_put(rows, NamedSharding(mesh, PartitionSpec("rows")))
everywhere = jax.device_put(start, NamedSharding(mesh, PartitionSpec()))
(errors, weights), (_, alone) = train(sharded, everywhere), train(rows, start)

print(f"{len(sharded.sharding.device_set)} devices, {sharded.addressable_shards[0].data.shape[0]} rows on each")
print(f"error before: {errors[0]:.3f}")
print(f"error after 100 steps: {errors[100]:.3f}")
print(
    "weights as on one device, to 12 digits:",
    all(abs(a - b) <= 1e-12 * abs(b) for a, b in zip(weights, alone, strict=True)),
)
