"""The package learnergy: CD-1 by automatic differentiation, with momentum and weight decay, as its `fit` does it."""

import logging

import peer


def main():
    options = peer.parse(__doc__)
    import torch

    torch.set_num_threads(options.threads)
    torch.set_num_interop_threads(1)
    torch.set_flush_denormal(True)
    from learnergy.models.bernoulli import RBM

    logging.disable(logging.INFO)
    torch.manual_seed(1)
    data = torch.from_numpy(peer.read_unit_interval(options.data, options.cases))
    pairs = torch.utils.data.TensorDataset(data, torch.zeros(len(data)))
    rbm = RBM(data.shape[1], options.hidden, steps=1, learning_rate=peer.RATE, momentum=peer.MOMENTUM,
              decay=peer.WEIGHT_COST)
    seconds = peer.time_epochs(lambda: rbm.fit(pairs, batch_size=options.batch, epochs=1), options.epochs)
    peer.report("learnergy", seconds)


peer.run(main)
