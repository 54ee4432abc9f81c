// A layer taken apart into its variables.
#include <algorithm>

#include "harmonium/units/layer.h"

namespace harmonium {

std::vector<LayerVariable> split_into_variables(const Layer& layer) {
  std::vector<LayerVariable> variables;
  std::size_t column = 0;
  for (const UnitGroup& group : layer.spec.groups) {
    UnitGroup one = group;
    if (group.kind != UnitKind::kMultinomial) one.units = 1;
    const std::size_t width = one.columns();
    for (std::size_t last = column + group.columns(); column < last; column += width) {
      LayerVariable variable{column, Layer(LayerSpec{{one}})};
      std::copy_n(layer.bias.begin() + static_cast<std::ptrdiff_t>(column), width,
                  variable.layer.bias.begin());
      if (!layer.log_variance.empty() && !variable.layer.log_variance.empty())
        std::copy_n(layer.log_variance.begin() + static_cast<std::ptrdiff_t>(column), width,
                    variable.layer.log_variance.begin());
      variables.push_back(std::move(variable));
    }
  }
  return variables;
}

}  // namespace harmonium
