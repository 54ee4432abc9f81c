"""CD-1 in PyTorch, written by hand to be as fast as PyTorch gets: no autograd, preallocated outputs, momentum and
weight cost in place, one product for both terms of the gradient, denormals flushed.

There is more than one way, and which is fastest depends on the shape and the processor. --way tune times all of
them on a few batches and prints their names, fastest first; --way NAME trains with one. A name is built from
  eager | compiled     operations one by one, or the whole step through torch.compile
  rand | bernoulli | sfc64 | fused     the random numbers: torch.rand and a comparison, torch.bernoulli, NumPy's SFC64
                       into the same memory and a comparison, or (compiled only) torch.rand inside the graph
  implicit             (bf16) f32 tensors whose products PyTorch rounds to bf16; else the operands are kept in bf16
Master weights, velocities and biases are f32 always. Means and gradient are f32 or, with bf16 operands, bf16.
"""

import json
import time

import peer


class Machine:
    """Parameters, velocities and buffers of one RBM. V visible, H hidden units, B cases."""

    def __init__(self, visible, hidden, batch, kind):
        import torch

        self.torch, self.kind = torch, kind
        self.v, self.h, self.b = visible, hidden, batch
        generator = torch.Generator().manual_seed(1)
        self.weights = torch.randn(visible, hidden, generator=generator) * 0.01
        self.visible_bias, self.hidden_bias = torch.zeros(visible), torch.zeros(hidden)
        self.weights_velocity = torch.zeros(visible, hidden)
        self.visible_velocity, self.hidden_velocity = torch.zeros(visible), torch.zeros(hidden)
        # The operands of the products: the f32 tensors themselves, or copies.
        self.operands = [self.weights, self.visible_bias, self.hidden_bias]
        if kind != torch.float32:
            self.operands = [tensor.to(kind) for tensor in self.operands]
        # Positive statistics on top of negative ones, whose hidden part has its sign turned.
        self.visible_rows = torch.zeros(2 * batch, visible, dtype=kind)
        self.hidden_rows = torch.zeros(2 * batch, hidden, dtype=kind)
        self.signs = torch.cat([torch.ones(batch), -torch.ones(batch)]).to(kind)
        self.gradient = torch.zeros(visible, hidden, dtype=kind)
        self.hidden_states = torch.zeros(batch, hidden, dtype=kind)
        self.visible_means = torch.zeros(batch, visible, dtype=kind)
        self.uniform_hidden, self.uniform_visible = torch.zeros(batch, hidden), torch.zeros(batch, visible)


def eager_step(m, sampler):
    """One batch, whose cases are in the upper half of m.visible_rows."""
    torch, b = m.torch, m.b
    weights, visible_bias, hidden_bias = m.operands
    data, fantasies = m.visible_rows[:b], m.visible_rows[b:]
    positive, negative = m.hidden_rows[:b], m.hidden_rows[b:]
    down, statistics, scale = weights.t(), m.visible_rows.t(), peer.RATE / b

    def step():
        torch.addmm(hidden_bias, data, weights, out=positive)
        positive.sigmoid_()
        sampler(positive, m.uniform_hidden, m.hidden_states)
        torch.addmm(visible_bias, m.hidden_states, down, out=m.visible_means)
        m.visible_means.sigmoid_()
        sampler(m.visible_means, m.uniform_visible, fantasies)
        torch.addmm(hidden_bias, fantasies, weights, out=negative)
        negative.sigmoid_().neg_()
        if m.kind == torch.float32:
            m.weights_velocity.addmm_(statistics, m.hidden_rows, beta=peer.MOMENTUM, alpha=scale)
            m.visible_velocity.addmv_(statistics, m.signs, beta=peer.MOMENTUM, alpha=scale)
        else:
            torch.mm(statistics, m.hidden_rows, out=m.gradient)
            m.weights_velocity.mul_(peer.MOMENTUM).add_(m.gradient, alpha=scale)
            m.visible_velocity.mul_(peer.MOMENTUM).add_(torch.mv(statistics, m.signs), alpha=scale)
        m.hidden_velocity.mul_(peer.MOMENTUM).add_(m.hidden_rows.sum(0), alpha=scale)
        m.weights_velocity.add_(m.weights, alpha=-peer.RATE * peer.WEIGHT_COST)
        m.weights.add_(m.weights_velocity)
        m.visible_bias.add_(m.visible_velocity)
        m.hidden_bias.add_(m.hidden_velocity)
        if m.kind != torch.float32:
            for operand, master in zip(m.operands, (m.weights, m.visible_bias, m.hidden_bias)):
                operand.copy_(master)

    return step


def compiled_step(m, noise):
    """The same through torch.compile, which fuses what lies between the products. `noise` fills the uniform
    numbers beforehand; without it they are drawn inside the graph."""
    torch, b, kind = m.torch, m.b, m.kind

    def batch(data, weights, visible_bias, hidden_bias, weights_velocity, visible_velocity, hidden_velocity,
              operand, uniform_hidden, uniform_visible):
        if noise is None:
            uniform_hidden, uniform_visible = torch.rand(b, m.h), torch.rand(b, m.v)
        positive = torch.sigmoid((data @ operand).float() + hidden_bias)
        states = (uniform_hidden < positive).to(kind)
        fantasies = (uniform_visible < torch.sigmoid((states @ operand.t()).float() + visible_bias)).to(kind)
        negative = torch.sigmoid((fantasies @ operand).float() + hidden_bias)
        rows, hidden = torch.cat([data, fantasies]), torch.cat([positive, -negative])
        gradient = (rows.t() @ hidden.to(kind)).float()
        scale = peer.RATE / b
        visible_sum = data.float().sum(0) - fantasies.float().sum(0)
        velocity = peer.MOMENTUM * weights_velocity + scale * gradient - peer.RATE * peer.WEIGHT_COST * weights
        new_weights = weights + velocity
        weights_velocity.copy_(velocity)
        weights.copy_(new_weights)
        if kind != torch.float32:
            operand.copy_(new_weights)
        visible_velocity.copy_(peer.MOMENTUM * visible_velocity + scale * visible_sum)
        hidden_velocity.copy_(peer.MOMENTUM * hidden_velocity + scale * hidden.sum(0))
        visible_bias.add_(visible_velocity)
        hidden_bias.add_(hidden_velocity)

    graph = torch.compile(batch, fullgraph=True, dynamic=False)
    data = m.visible_rows[:b]

    def step():
        if noise is not None:
            noise(m.uniform_hidden)
            noise(m.uniform_visible)
        graph(data, m.weights, m.visible_bias, m.hidden_bias, m.weights_velocity, m.visible_velocity,
              m.hidden_velocity, m.operands[0], m.uniform_hidden, m.uniform_visible)

    return step


def numpy_noise():
    """Fills a tensor with uniform f32 numbers by NumPy's fastest generator, in place."""
    import numpy as np

    generator = np.random.Generator(np.random.SFC64(1))
    return lambda tensor: generator.random(dtype=np.float32, out=tensor.numpy())


def make_step(m, way):
    torch, words = m.torch, way.split("-")
    torch.backends.mkldnn.matmul.fp32_precision = "bf16" if "implicit" in words else "ieee"
    noise = {"rand": lambda: lambda tensor: torch.rand(tensor.shape, out=tensor), "sfc64": numpy_noise,
             "fused": lambda: None, "bernoulli": lambda: None}[words[1]]()
    if words[0] == "compiled":
        return compiled_step(m, noise)
    if words[1] == "bernoulli":
        return eager_step(m, lambda means, _, states: torch.bernoulli(means, out=states))

    def compare(means, uniform, states):
        noise(uniform)
        torch.lt(uniform, means, out=states)

    return eager_step(m, compare)


def ways(precision):
    names = ["eager-rand", "eager-sfc64", "eager-bernoulli", "compiled-fused", "compiled-sfc64"]
    return names if precision == "f32" else names + ["eager-sfc64-implicit", "compiled-sfc64-implicit"]


def machine_for(data, options, way):
    import torch

    f32 = options.precision == "f32" or way.endswith("implicit")
    return Machine(data.shape[1], options.hidden, options.batch, torch.float32 if f32 else torch.bfloat16)


def tune(data, options):
    """Names of the ways that work, fastest first, by the best of several short runs each."""
    import torch

    speeds = {}
    for way in ways(options.precision):
        try:
            machine = machine_for(data, options, way)
            machine.visible_rows[: options.batch].copy_(data[: options.batch])
            step = make_step(machine, way)
            step()
            begin = time.perf_counter()
            step()
            count = int(min(max(0.2 / (time.perf_counter() - begin), 1), 1000))
            runs = []
            for _ in range(5):
                begin = time.perf_counter()
                for _ in range(count):
                    step()
                runs.append((time.perf_counter() - begin) / count)
            speeds[way] = min(runs)
        except Exception as error:  # whatever torch.compile lacks here; the other ways remain
            print(f"pytorch_cd: {way}: {str(error).splitlines()[0]}", file=peer.sys.stderr)
    return dict(sorted(speeds.items(), key=lambda pair: pair[1]))


def main():
    options = peer.parse(__doc__, precision="f32", way="tune")
    import torch

    torch.set_num_threads(options.threads)
    torch.set_num_interop_threads(1)
    torch.set_flush_denormal(True)
    torch.manual_seed(1)
    data = torch.from_numpy(peer.read_unit_interval(options.data, options.cases))
    with torch.no_grad():
        if options.way == "tune":
            speeds = tune(data, options)
            print(json.dumps({"ways": list(speeds), "seconds_per_batch": speeds}), flush=True)
            return
        machine = machine_for(data, options, options.way)
        step = make_step(machine, options.way)
        if machine.kind != torch.float32:
            data = data.to(machine.kind)
        upper = machine.visible_rows[: options.batch]

        def epoch():
            for rows in torch.randperm(len(data)).split(options.batch):
                if len(rows) == options.batch:
                    torch.index_select(data, 0, rows, out=upper)
                    step()

        seconds = peer.time_epochs(epoch, options.epochs)
        if not torch.isfinite(machine.weights).all():
            raise SystemExit("weights are not finite")
        peer.report("torch", seconds, way=options.way)


peer.run(main)
