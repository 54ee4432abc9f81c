#include "harmonium/train/options.h"

#include <algorithm>
#include <cmath>

namespace harmonium {
namespace {

// "train.l2 = -1 is out of range; it must be ...", for the options of one table.
class Need {
 public:
  explicit Need(const TrainOptions& options) : table_(options.table) {}
  std::string operator()(const std::string& key, const std::string& what, double given) const {
    std::string number = std::to_string(given);
    number.erase(number.find_last_not_of('0') + 1);
    if (!number.empty() && number.back() == '.') number.pop_back();
    return table_ + "." + key + " = " + number + " is out of range; it must be " + what + ".";
  }

 private:
  const std::string& table_;
};

std::string find_schedule_fault(const TrainOptions& o) {
  const Need need(o);
  for (const double rate : o.rate.values)
    if (!(rate >= 0.0) || !std::isfinite(rate)) return need("rate", "zero or more", rate);
  for (const double momentum : o.momentum.values)
    if (!(momentum >= 0.0 && momentum < 1.0)) return need("momentum", "from 0 to below 1", momentum);
  for (const double steps : o.steps.values)
    if (!(steps >= 1.0) || steps != std::floor(steps) || steps > 1e6)
      return need("steps", "a whole number from 1 to 1,000,000", steps);
  return {};
}

}  // namespace

TrainOptions recommended_options() {
  TrainOptions options;
  options.negative = NegativeKind::kAuto;
  options.rate = Schedule(0.1, ScheduleShape::kLinear);
  options.centring = true;
  options.average_epochs = 1;
  return options;
}

std::string find_option_fault(const TrainOptions& o) {
  const Need need(o);
  if (auto fault = find_schedule_fault(o); !fault.empty()) return fault;
  if (o.batch < 1) return need("batch", "1 or more", 0);
  if (!(o.l2 >= 0.0)) return need("l2", "zero or more", o.l2);
  if (const double rate = *std::max_element(o.rate.values.begin(), o.rate.values.end()); o.l2 * rate >= 1.0)
    return need("l2", "below 1 / rate, or each update turns the weights over", o.l2);
  if (!(o.l1 >= 0.0)) return need("l1", "zero or more", o.l1);
  if (!(o.norm_limit >= 0.0)) return need("norm_limit", "zero (no limit) or more", o.norm_limit);
  if (!(o.sparsity_target >= 0.0)) return need("sparsity_target", "zero (off) or more", o.sparsity_target);
  if (!(o.sparsity_cost >= 0.0)) return need("sparsity_cost", "zero or more", o.sparsity_cost);
  for (const auto& [key, value] :
       {std::pair{"sparsity_decay", o.sparsity_decay}, std::pair{"centring_decay", o.centring_decay},
        std::pair{"fast_decay", o.fast_decay}})
    if (!(value >= 0.0 && value < 1.0)) return need(key, "from 0 to below 1", value);
  if (!(o.fast_rate >= 0.0)) return need("fast_rate", "zero or more", o.fast_rate);
  if (!(o.variance_rate >= 0.0)) return need("variance_rate", "zero or more", o.variance_rate);
  if (!(o.initial_deviation >= 0.0)) return need("initial_deviation", "zero or more", o.initial_deviation);
  if (o.measure_every < 1) return need("measure_every", "1 or more", 0);
  if (o.snapshots > 1000) return need("snapshots", "1000 or fewer", static_cast<double>(o.snapshots));
  if (o.mean_field_sweeps < 1) return need("mean_field_sweeps", "1 or more", 0);
  if (!(o.persistent_share >= 0.0 && o.persistent_share <= 1.0))
    return need("persistent_share", "from 0 to 1", o.persistent_share);
  if (o.chains < 1) return need("chains", "1 or more", 0);
  if (o.temperatures < 2) return need("temperatures", "2 or more", static_cast<double>(o.temperatures));
  if (!(o.checkpoint_minutes > 0.0))
    return need("checkpoint_minutes", "more than zero", o.checkpoint_minutes);
  if (o.missing_absent && o.negative != NegativeKind::kContrastiveDivergence &&
      o.negative != NegativeKind::kAuto)
    return "data.missing = \"absent\" masks values in both phases, which only cd can do; set " + o.table +
           ".negative = \"cd\" or data.missing = \"unknown\".";
  return {};
}

std::string_view precision_choice_name(PrecisionChoice choice) {
  switch (choice) {
    case PrecisionChoice::kAuto:
      return "auto";
    case PrecisionChoice::kF32:
      return "f32";
    case PrecisionChoice::kBf16:
      return "bf16";
  }
  return "";
}

std::string_view negative_name(NegativeKind kind) {
  switch (kind) {
    case NegativeKind::kContrastiveDivergence:
      return "cd";
    case NegativeKind::kPersistent:
      return "pcd";
    case NegativeKind::kFastPersistent:
      return "fpcd";
    case NegativeKind::kTempering:
      return "tempering";
    case NegativeKind::kExact:
      return "exact";
    case NegativeKind::kAuto:
      return "auto";
  }
  return "";
}

}  // namespace harmonium
