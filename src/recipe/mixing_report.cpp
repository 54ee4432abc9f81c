#include "recipe/mixing_report.h"

#include "harmonium/render/number.h"

namespace harmonium {
namespace {

void add_autocorrelations(Report& report, const MixingJudgement& judgement) {
  std::vector<Series> curves;
  for (std::size_t k = 0; k < judgement.autocorrelations.size(); ++k) {
    Series series{judgement.statistics[k].name, {}, judgement.autocorrelations[k].autocorrelation, {}, {}};
    for (std::size_t lag = 0; lag < series.y.size(); ++lag) series.x.push_back(static_cast<double>(lag));
    curves.push_back(std::move(series));
  }
  ChartOptions chart;
  chart.title = "Autocorrelation along the chains", chart.x_label = "steps", chart.y_label = "correlation";
  chart.from_zero = true;
  report.line_chart(curves, chart,
                    "Means and variances are those of all chains together: a curve that does not "
                    "come down to zero belongs to chains that stay apart.");
}

void add_shares(Report& report, const MixingJudgement& judgement) {
  std::vector<Bar> bars;
  for (std::size_t k = 0; k < judgement.shares.size(); ++k) {
    const ClassShare& share = judgement.shares[k];
    bars.push_back({judgement.classes[k] + ", fantasies", 100 * share.chains, 100 * share.chains_error});
    bars.push_back({judgement.classes[k] + ", data", 100 * share.data, 100 * share.data_error});
  }
  ChartOptions chart;
  chart.title = "Classes among free fantasies and among the data", chart.x_label = "percent";
  report.bar_chart(bars, chart,
                   "By the label units of chains in which nothing is held; with standard errors.");
}

void add_exchanges(Report& report, const MixingJudgement& judgement) {
  Series series{"", {}, judgement.exchange_rates, {}, {}};
  for (std::size_t t = 0; t < series.y.size(); ++t) series.x.push_back(static_cast<double>(t + 1));
  ChartOptions chart;
  chart.title = "Accepted exchanges", chart.x_label = "pair of neighbours, from the easiest model";
  chart.y_label = "fraction", chart.from_zero = true;
  report.line_chart(std::span(&series, 1), chart);
}

}  // namespace

Json mixing_json(const MixingJudgement& judgement) {
  Json json = {
      {"grade", grade_name(judgement.grade)}, {"verdict", judgement.verdict}, {"statistics", Json::object()}};
  for (const FollowedStatistic& statistic : judgement.statistics)
    json["statistics"][statistic.name] = {{"r_hat", statistic.convergence.r_hat},
                                          {"effective_samples", statistic.convergence.effective_samples}};
  if (!judgement.exchange_rates.empty()) json["exchange_rates"] = judgement.exchange_rates;
  return json;
}

void add_mixing(Report& report, const MixingJudgement& judgement) {
  report.section("Do the chains mix?");
  report.paragraph(judgement.verdict);
  ReportTable table{"Statistics along the chains", {"statistic", "R-hat", "effective samples"}, {}};
  for (const FollowedStatistic& statistic : judgement.statistics)
    table.rows.push_back({statistic.name, number_text(statistic.convergence.r_hat, 4),
                          number_text(statistic.convergence.effective_samples, 4)});
  report.table(table);
  add_autocorrelations(report, judgement);
  if (!judgement.shares.empty()) add_shares(report, judgement);
  if (!judgement.exchange_rates.empty()) add_exchanges(report, judgement);
}

}  // namespace harmonium
