// The grammar of layers: "784-500-500 + softmax 10-2000".
//
//   layers := layer { "-" layer }            the first may be the word "data"
//   layer  := group { "+" group }
//   group  := [ kind [ "(" argument ")" ] ] size
#include <algorithm>
#include <charconv>
#include <limits>
#include <numeric>

#include "harmonium/base/error.h"
#include "units/kind.h"

namespace harmonium {
namespace {

/// Units are numbered in 32 bits by Noise; half of that leaves room for sums of two layers.
constexpr std::uint64_t kMaxColumns = (std::uint64_t{1} << 31) - 1;
/// Counts up to here are exact in f32.
constexpr std::uint64_t kMaxCount = std::uint64_t{1} << 24;

constexpr std::string_view kBlank = " \t\r\n";

std::string quoted(std::string_view word) {
  return "'" + std::string(word) + "'";
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t at = text.find(separator);
    parts.push_back(trimmed(text.substr(0, at)));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

/// Levenshtein's distance: insertions, deletions and replacements.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

UnitKind parse_kind(std::string_view word, std::string_view group) {
  const KindTable* nearest = all_kinds()[0];
  std::size_t distance = std::numeric_limits<std::size_t>::max();
  for (const KindTable* kind : all_kinds()) {
    if (kind->name == word) return kind->kind;
    // A name of a thousand letters is nobody's spelling mistake; its beginning will do.
    const std::size_t d = edit_distance(word.substr(0, 32), kind->name);
    if (d < distance) distance = d, nearest = kind;
  }
  throw InputError("there is no kind of unit " + quoted(word) + " (in " + quoted(group) +
                   "); the nearest is " + quoted(nearest->name));
}

/// A whole number from `lowest` to `highest`; `what` names it in messages.
std::uint64_t parse_number(std::string_view word, std::uint64_t lowest, std::uint64_t highest,
                           const std::string& what, std::string_view group) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  const std::string wanted = " in " + quoted(group) + " is not " + what + ", a whole number from " +
                             std::to_string(lowest) + " to " + std::to_string(highest);
  if (word.empty()) throw InputError("'' (nothing)" + wanted);
  const bool digits = error != std::errc::invalid_argument && end == word.data() + word.size();
  if (!digits || error == std::errc::result_out_of_range || value < lowest || value > highest)
    throw InputError(quoted(word) + wanted);
  return value;
}

/// What stands before the size: the kind, and the text in brackets if there are any.
struct KindText {
  std::string_view name, argument;
  bool has_argument = false;
};

/// Splits "binomial(8) 20" into the kind's text and the size.
std::string_view split_group(std::string_view group, KindText& kind) {
  const std::size_t open = group.find('(');
  if (open != std::string_view::npos) {
    const std::size_t close = group.find(')', open);
    if (close == std::string_view::npos)
      throw InputError("the bracket in " + quoted(group) + " is not closed");
    kind = {trimmed(group.substr(0, open)), trimmed(group.substr(open + 1, close - open - 1)), true};
    return trimmed(group.substr(close + 1));
  }
  const std::size_t blank = group.find_first_of(kBlank);
  if (blank != std::string_view::npos) {
    kind.name = group.substr(0, blank);
    return trimmed(group.substr(blank));
  }
  const bool is_size = !group.empty() && group[0] >= '0' && group[0] <= '9';
  if (!is_size) parse_kind(group, group);  // an unknown word is the better message
  if (!is_size)
    throw InputError(quoted(group) + " has no size; write for example '" + std::string(group) + " 20'");
  return group;
}

void parse_argument(UnitGroup& g, const KindText& kind, std::string_view group) {
  switch (g.kind) {
    case UnitKind::kBinomial:
    case UnitKind::kStepped: {
      const std::string name(kind.name);
      if (!kind.has_argument)
        throw InputError(quoted(group) +
                         " does not say the number N of copies of each unit; write for example '" + name +
                         "(8) 20' for 20 units of 8 copies");
      g.parameter =
          static_cast<unsigned>(parse_number(kind.argument, 1, kMaxCount, "the number of copies", group));
      return;
    }
    case UnitKind::kSoftmax:
      if (kind.has_argument)
        g.parameter =
            static_cast<unsigned>(parse_number(kind.argument, 2, kMaxColumns, "the number of states", group));
      return;
    case UnitKind::kMultinomial:
      if (kind.has_argument)
        g.parameter =
            static_cast<unsigned>(parse_number(kind.argument, 1, kMaxCount, "the number of words", group));
      return;
    case UnitKind::kGaussian:
      if (kind.has_argument && kind.argument != "learned")
        throw InputError(quoted(kind.argument) + " in " + quoted(group) +
                         " is not what gaussian takes in brackets; only 'learned' is (its variance)");
      g.learned_variance = kind.has_argument;
      return;
    case UnitKind::kBernoulli:
    case UnitKind::kRectified:
    case UnitKind::kPoisson:
      if (kind.has_argument)
        throw InputError(quoted(group) + " has brackets, but " + std::string(kind.name) +
                         " takes nothing in brackets; write '" + std::string(kind.name) + " 20'");
  }
}

UnitGroup parse_group(std::string_view group, std::string_view layer) {
  if (group.empty())
    throw InputError("a group of the layer " + quoted(layer) +
                     " is empty; write for example '500 + softmax 10'");
  KindText kind;
  const std::string_view size = split_group(group, kind);
  UnitGroup g;
  if (!kind.name.empty() || kind.has_argument) g.kind = parse_kind(kind.name, group);
  parse_argument(g, kind, group);
  const bool one_softmax = g.kind == UnitKind::kSoftmax && !kind.has_argument;
  const std::string what = one_softmax ? "the number of states" : "a number of units";
  const std::uint64_t number = parse_number(size, one_softmax ? 2 : 1, kMaxColumns, what, group);
  g.units = one_softmax ? 1 : number;
  if (one_softmax) g.parameter = static_cast<unsigned>(number);
  return g;
}

std::string group_to_string(const UnitGroup& g) {
  const std::string size = std::to_string(g.units);
  const std::string name(kind_name(g.kind));
  if (g.kind == UnitKind::kBernoulli) return size;
  if (g.kind == UnitKind::kSoftmax && g.units == 1) return name + " " + std::to_string(g.parameter);
  return describe(g) + " " + size;
}

// A multinomial group whose length comes with each document.
bool is_open(const UnitGroup& group) {
  return group.kind == UnitKind::kMultinomial && group.parameter == 0;
}

}  // namespace

std::size_t LayerSpec::columns() const {
  return first_column(groups.size());
}

std::size_t LayerSpec::first_column(std::size_t group) const {
  std::size_t sum = 0;
  for (std::size_t g = 0; g < group; ++g) sum += groups[g].columns();
  return sum;
}

std::string LayerSpec::to_string() const {
  std::string text;
  for (const UnitGroup& g : groups) text += (text.empty() ? "" : " + ") + group_to_string(g);
  return text;
}

bool LayerSpec::has_learned_variance() const {
  return std::any_of(groups.begin(), groups.end(), [](const UnitGroup& g) { return g.learned_variance; });
}

bool LayerSpec::has_kind(UnitKind kind) const {
  return std::any_of(groups.begin(), groups.end(), [kind](const UnitGroup& g) { return g.kind == kind; });
}

bool LayerSpec::has_open_length() const {
  return std::any_of(groups.begin(), groups.end(), is_open);
}

bool LayerSpec::has_energy() const {
  return std::all_of(groups.begin(), groups.end(),
                     [](const UnitGroup& g) { return kind_table(g.kind).energy != nullptr; });
}

bool LayerSpec::is_enumerable() const {
  return std::all_of(groups.begin(), groups.end(),
                     [](const UnitGroup& g) { return kind_table(g.kind).state != nullptr && !is_open(g); });
}

LayerSpec parse_layer(std::string_view text) {
  LayerSpec spec;
  std::uint64_t columns = 0;
  for (const std::string_view part : split(text, '+')) {
    const UnitGroup g = parse_group(part, trimmed(text));
    if (g.kind == UnitKind::kMultinomial && spec.has_kind(UnitKind::kMultinomial))
      throw InputError("the layer " + quoted(trimmed(text)) +
                       " has two multinomial groups; a layer holds one document, so at most one is possible");
    columns += g.columns();  // neither factor exceeds 2^31, so the product fits
    if (columns > kMaxColumns)
      throw InputError("the layer " + quoted(trimmed(text)) + " has more than " +
                       std::to_string(kMaxColumns) + " columns, the most that a layer can have");
    spec.groups.push_back(g);
  }
  return spec;
}

std::vector<LayerSpec> parse_layers(std::string_view text) {
  std::vector<LayerSpec> layers;
  for (const std::string_view part : split(text, '-')) {
    if (part.empty())
      throw InputError("a layer of " + quoted(text) + " is empty; write for example '784-500-10'");
    if (part == "data" && !layers.empty())
      throw InputError("the word 'data' in " + quoted(text) +
                       " is not the first layer, and only that can be it");
    layers.push_back(part == "data" ? LayerSpec{} : parse_layer(part));
  }
  return layers;
}

std::string layers_to_string(const std::vector<LayerSpec>& layers) {
  bool only_numbers = true;
  std::vector<std::string> parts;
  for (const LayerSpec& layer : layers) {
    parts.push_back(layer.groups.empty() ? "data" : layer.to_string());
    only_numbers = only_numbers && parts.back().find_first_not_of("0123456789") == std::string::npos;
  }
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : only_numbers ? "-" : " - ") + part;
  return text;
}

}  // namespace harmonium
