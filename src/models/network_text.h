// The text of a feed-forward net, before memory is taken for it.
#pragma once

#include <vector>

#include "harmonium/models/network.h"

namespace harmonium {

struct NetworkLayerShape {
  Activation activation;
  std::size_t inputs, units;
};

/// The layers that a text as in `make_network` names. Throws InputError.
std::vector<NetworkLayerShape> parse_network(std::string_view text);

}  // namespace harmonium
