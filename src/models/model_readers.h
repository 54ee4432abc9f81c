// Models of each kind from a file that has been read, for what takes any of them.
#pragma once

#include "harmonium/io/safetensors.h"
#include "harmonium/models/network_model.h"
#include "io/json.h"

namespace harmonium {

/// Does the header say that the file holds a feed-forward net?
bool is_network_header(const Json& header);
/// A stack or a deep Boltzmann machine; InputError as load_model.
Model read_model(const TensorFile& file, const Json& header);
/// A feed-forward net; InputError as load_network_model.
NetworkModel read_network_model(const TensorFile& file, const Json& header);

}  // namespace harmonium
