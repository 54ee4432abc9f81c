// What all subsets of a data set share.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "data/fetch_plan.h"
#include "data/raw_values.h"
#include "harmonium/data/dataset.h"

namespace harmonium {

struct Dataset::Shared {
  std::shared_ptr<const RawValues> raw;
  Schema schema;
  LayerSpec layer;
  FetchPlan plan;
  Missing missing = Missing::kRefuse;
  std::vector<std::string> warnings;
  std::string file;
  StreamOptions stream;
};

}  // namespace harmonium
