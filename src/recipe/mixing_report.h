// How a judgement of chains is told: in metrics.json and in the report.
#pragma once

#include "harmonium/render/report.h"
#include "io/json.h"
#include "recipe/measure_mixing.h"

namespace harmonium {

/// {"grade": "does not mix", "verdict": "The chains ...", "statistics": {"free energy": {"r_hat": ...}}, ...}
Json mixing_json(const MixingJudgement& judgement);

/// The verdict, a table of statistics, and charts of autocorrelations, classes and exchange rates.
void add_mixing(Report& report, const MixingJudgement& judgement);

}  // namespace harmonium
