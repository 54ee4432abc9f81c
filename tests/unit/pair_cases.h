// A small pair of layers that several tests share.
#pragma once

#include <vector>

#include "harmonium/models/binary_pair.h"

namespace harmonium {

/// The machine of worked_rbm (unit/rbm_cases.h) in double precision: three visible units and two hidden ones.
inline BinaryPair worked_pair() {
  BinaryPair pair(3, 2);
  pair.set_flat(std::vector<double>{0.5, -1.0, 1.5, 0.25, -0.75, 2.0, 0.1, -0.2, 0.3, -0.4, 0.6});
  return pair;
}

}  // namespace harmonium
