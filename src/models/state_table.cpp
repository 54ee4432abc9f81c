#include "harmonium/models/state_table.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <string>

#include "harmonium/base/error.h"
#include "units/kind.h"

namespace harmonium {
namespace {

constexpr double kNoMove = 1e-12;
constexpr int kMostSweeps = 100000;

// Uniform on [0, 1) with the 53 bits of a double: states rarer than 2^-24 count in long chains.
double fine_uniform(const Noise& noise, std::uint64_t chain, std::uint32_t unit) {
  const std::uint64_t high = noise.bits(chain, unit, 0), low = noise.bits(chain, unit, 1);
  return static_cast<double>((high << 32 | low) >> 11) * 0x1p-53;
}

double kl_from_log(const StateTable& q, std::span<const double> log_p, double log_total) {
  double kl = 0;
  for (std::size_t x = 0; x < q.size(); ++x)
    if (q[x] > 0) kl += q[x] * (std::log(q[x]) - log_p[x] + log_total);
  return kl;
}

}  // namespace

std::size_t table_units(const StateTable& table) {
  for (std::size_t n = 0; n <= kMostTableUnits; ++n)
    if (table.size() == std::size_t{1} << n) return n;
  throw InputError("a table of states must have 2^n entries for n from 0 to " +
                   std::to_string(kMostTableUnits) + ", but has " + std::to_string(table.size()) + ".");
}

StateList support_of(const StateTable& table) {
  StateList list;
  for (std::size_t x = 0; x < table.size(); ++x)
    if (table[x] > 0) list.push_back({static_cast<std::uint32_t>(x), table[x]});
  return list;
}

StateTable table_of(const StateList& list, std::size_t units) {
  StateTable table(std::size_t{1} << units);
  for (const auto& [state, weight] : list) table.at(state) += weight;
  return table;
}

StateList evenly(std::span<const std::uint32_t> states) {
  std::map<std::uint32_t, double> weights;
  for (const std::uint32_t state : states) weights[state] += 1.0 / static_cast<double>(states.size());
  StateList list;
  for (const auto& [state, weight] : weights) list.push_back({state, weight});
  return list;
}

void write_state(std::uint32_t state, std::span<float> values) {
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(state >> i & 1u);
}

std::uint32_t read_state(std::span<const float> values) {
  std::uint32_t state = 0;
  for (std::size_t i = 0; i < values.size(); ++i)
    if (values[i] > 0.5f) state |= 1u << i;
  return state;
}

double entropy(const StateTable& p) {
  double sum = 0;
  for (const double x : p)
    if (x > 0) sum -= x * std::log(x);
  return sum;
}

double kl_divergence(const StateTable& p, const StateTable& q) {
  check(p.size() == q.size(), "tables over equally many units");
  double sum = 0;
  for (std::size_t x = 0; x < p.size(); ++x) {
    if (p[x] <= 0) continue;
    if (q[x] <= 0) return std::numeric_limits<double>::infinity();
    sum += p[x] * std::log(p[x] / q[x]);
  }
  return sum;
}

std::vector<double> unit_means(const StateTable& p) {
  std::vector<double> means(table_units(p));
  for (std::size_t x = 0; x < p.size(); ++x)
    for (std::size_t i = 0; i < means.size(); ++i)
      if (x >> i & 1u) means[i] += p[x];
  return means;
}

namespace {

// Doubles the table unit by unit: entry x is `scale` times the product of on[i] or off[i].
template <class On, class Off>
void fill_factorial(std::size_t units, double scale, StateTable& table, On on, Off off) {
  table[0] = scale;
  for (std::size_t i = 0; i < units; ++i) {
    const std::size_t half = std::size_t{1} << i;
    const double p = on(i), q = off(i);
    for (std::size_t x = 0; x < half; ++x) {
      table[half + x] = table[x] * p;
      table[x] *= q;
    }
  }
}

}  // namespace

void add_factorial(std::span<const double> logits, double scale, StateTable& table) {
  StateTable own(table.size());
  fill_factorial(
      logits.size(), scale, own, [&](std::size_t i) { return logistic(logits[i]); },
      [&](std::size_t i) { return logistic(-logits[i]); });
  for (std::size_t x = 0; x < table.size(); ++x) table[x] += own[x];
}

StateTable factorial_table(std::span<const double> means) {
  StateTable table(std::size_t{1} << means.size());
  fill_factorial(
      means.size(), 1.0, table, [&](std::size_t i) { return means[i]; },
      [&](std::size_t i) { return 1.0 - means[i]; });
  return table;
}

// As sum_i H(unit i) - H(p): a mean that rounds to 1 would leave no room for the rare state without the unit.
double multi_information(const StateTable& p) {
  const auto on = unit_means(p);
  double sum = -entropy(p);
  for (std::size_t i = 0; i < on.size(); ++i) {
    double off = 0;
    for (std::size_t x = 0; x < p.size(); ++x)
      if ((x >> i & 1u) == 0) off += p[x];
    sum += entropy({on[i], off});
  }
  return std::max(sum, 0.0);
}

FactorialFit fit_factorial(const StateTable& p, std::span<const double> start) {
  const std::size_t units = table_units(p);
  check(start.size() == units, "a start for each unit");
  std::vector<double> log_p(p.size());
  double total = 0;
  for (std::size_t x = 0; x < p.size(); ++x) {
    if (!(p[x] > 0))
      throw InputError("a factorial distribution is fitted where every state has a probability above zero.");
    log_p[x] = std::log(p[x]), total += p[x];
  }
  FactorialFit fit{{start.begin(), start.end()}, 0};
  double moved = 1;
  for (int sweep = 0; moved > kNoMove && sweep < kMostSweeps; ++sweep) {
    moved = 0;
    for (std::size_t i = 0; i < units; ++i) {
      std::vector<double> others = fit.means;
      others[i] = 0;  // leaves the probabilities of the others at states with unit i off
      const StateTable q = factorial_table(others);
      double difference = 0;
      for (std::size_t x = 0; x < q.size(); ++x)
        if ((x >> i & 1u) == 0) difference += q[x] * (log_p[x | std::size_t{1} << i] - log_p[x]);
      const double next = logistic(difference);
      moved = std::max(moved, std::abs(next - fit.means[i]));
      fit.means[i] = next;
    }
  }
  fit.kl = kl_from_log(factorial_table(fit.means), log_p, std::log(total));
  return fit;
}

std::uint32_t gibbs_sweep(const StateTable& p, std::uint32_t state, const Noise& noise, std::uint64_t chain) {
  const std::size_t units = table_units(p);
  for (std::size_t i = 0; i < units; ++i) {
    const std::uint32_t on = state | 1u << i, off = on ^ 1u << i;
    const double chance = p[on] / (p[on] + p[off]);
    state = fine_uniform(noise, chain, static_cast<std::uint32_t>(i)) < chance ? on : off;
  }
  return state;
}

std::uint32_t draw_state(const StateTable& p, const Noise& noise, std::uint64_t chain) {
  const double u = fine_uniform(noise, chain, 0);
  double sum = 0;
  std::uint32_t last = 0;  // rounding may leave the sum below u at the end
  for (std::size_t x = 0; x < p.size(); ++x) {
    if (p[x] <= 0) continue;
    last = static_cast<std::uint32_t>(x);
    if ((sum += p[x]) > u) break;
  }
  return last;
}

}  // namespace harmonium
