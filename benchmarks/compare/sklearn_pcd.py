"""scikit-learn's BernoulliRBM: persistent contrastive divergence, in f32, no momentum and no weight cost.

Every call of `fit` begins anew with checks and initial weights, which is less than 1 % of three epochs of MNIST
and counted.
"""

import time

import peer


def main():
    options = peer.parse(__doc__)
    from sklearn.neural_network import BernoulliRBM

    data = peer.read_unit_interval(options.data, options.cases)

    def fit(epochs):
        BernoulliRBM(options.hidden, learning_rate=peer.RATE, batch_size=options.batch, n_iter=epochs,
                     random_state=1).fit(data)

    fit(1)
    begin = time.perf_counter()
    fit(options.epochs)
    peer.report("scikit-learn", (time.perf_counter() - begin) / options.epochs)


peer.run(main)
