// Counting the states of a layer, and which pairs of layers normalise.
#include <algorithm>
#include <cmath>

#include "harmonium/base/error.h"
#include "units/kind.h"

namespace harmonium {

double count_states(const LayerSpec& spec) {
  double product = 1.0;
  for (const UnitGroup& g : spec.groups) product *= kind_table(g.kind).states(g);
  return product;
}

StateEnumerator::StateEnumerator(const LayerSpec& spec) : spec_(spec) {
  for (const UnitGroup& g : spec.groups)
    if (std::isinf(kind_table(g.kind).states(g)) && kind_table(g.kind).state == nullptr)
      throw InputError("the states of " + describe(g) +
                       " units cannot be counted; 'bernoulli', 'binomial(N)', "
                       "'stepped(N)', 'softmax(k)' and 'multinomial(D)' groups can");
  if (!spec.is_enumerable())
    throw InputError(
        "the states of a multinomial group without a fixed length cannot be counted; fix it as in "
        "'multinomial(5) 3'");
  // Doubles count exactly to 2^53, and nobody visits more.
  const double states = count_states(spec);
  if (!(states <= 0x1p53))
    throw InputError("the layer '" + spec.to_string() + "' has " + number(states) +
                     " states, too many to visit one by one (at most 2^53 are counted exactly)");
  states_ = static_cast<std::uint64_t>(states);
}

void StateEnumerator::state(std::uint64_t index, std::span<float> values) const {
  check(index < states_ && values.size() == spec_.columns(), "a state of the layer, one value a column");
  std::size_t end = values.size();
  for (std::size_t i = spec_.groups.size(); i-- > 0;) {  // the last group moves fastest
    const UnitGroup& g = spec_.groups[i];
    const KindTable& kind = kind_table(g.kind);
    const auto states = static_cast<std::uint64_t>(kind.states(g));
    end -= g.columns();
    kind.state(g, index % states, values.data() + end);
    index /= states;
  }
}

namespace {

/// Two groups that are coupled by weights. docs/units.md derives each line.
Normalisation pair_normalisation(UnitKind a, UnitKind b) {
  if (a == UnitKind::kRectified || b == UnitKind::kRectified) return Normalisation::kNoEnergy;
  const auto unbounded = [](UnitKind k) { return k == UnitKind::kGaussian || k == UnitKind::kPoisson; };
  if (!unbounded(a) || !unbounded(b)) return Normalisation::kAlways;
  if (a != b) return Normalisation::kNever;
  return a == UnitKind::kGaussian ? Normalisation::kIfWeightsSmall : Normalisation::kIfWeightsNegative;
}

}  // namespace

Normalisation normalisation(const LayerSpec& visible, const LayerSpec& hidden) {
  // The worst pair decides. Both conditions at once do not occur: both layers then have both kinds, and
  // gaussian with poisson never normalises.
  Normalisation worst = Normalisation::kAlways;
  for (const UnitGroup& v : visible.groups)
    for (const UnitGroup& h : hidden.groups) worst = std::max(worst, pair_normalisation(v.kind, h.kind));
  return worst;
}

}  // namespace harmonium
