"""The package rbms: persistent chains, centred gradient, plain SGD; the body of its `train` without archives."""

import warnings

import peer


def main():
    options = peer.parse(__doc__)
    import torch

    torch.set_num_threads(options.threads)
    torch.set_num_interop_threads(1)
    torch.set_flush_denormal(True)
    warnings.simplefilter("ignore")
    from rbms.bernoulli_bernoulli.classes import BBRBM
    from rbms.bernoulli_bernoulli.implement import _init_parameters
    from rbms.training.pcd import fit_batch_pcd

    torch.manual_seed(1)
    data = torch.from_numpy(peer.read_unit_interval(options.data, options.cases))
    weights = torch.ones(len(data))
    visible_bias, hidden_bias, matrix = _init_parameters(options.hidden, data, torch.device("cpu"), torch.float32)
    rbm = BBRBM(matrix, visible_bias, hidden_bias)
    for parameter in rbm.parameters():
        parameter.grad = torch.zeros_like(parameter)
    optimizer = torch.optim.SGD(rbm.parameters(), lr=peer.RATE, maximize=True)
    chains = rbm.init_chains(options.batch)

    def epoch():
        nonlocal chains
        for _ in range(len(data) // options.batch):
            rows = torch.randperm(len(data))[: options.batch]
            optimizer.zero_grad(set_to_none=False)
            chains, _ = fit_batch_pcd((data[rows], weights[rows]), chains, rbm, gibbs_steps=1, beta=1.0,
                                      lambda_l2=peer.WEIGHT_COST)
            optimizer.step()

    with torch.no_grad():
        peer.report("rbms", peer.time_epochs(epoch, options.epochs))


peer.run(main)
