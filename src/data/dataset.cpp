// Building a data set (checks, statistics), reading batches from it, and views of it.
#include "harmonium/data/dataset.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <queue>
#include <set>

#include "data/block_order.h"
#include "data/hash.h"
#include "data/sample_ranges.h"
#include "data/shared.h"
#include "data/streamed_order.h"
#include "data/value_check.h"
#include "data/value_step.h"
#include "harmonium/base/error.h"

namespace harmonium {
namespace {

constexpr std::size_t kHashWhole = std::size_t{1} << 22;  // bytes that are hashed whole
constexpr std::size_t kHashBlock = std::size_t{1} << 15;
constexpr std::size_t kHashBlocks = 64;
constexpr double kDensestRows = 0.05;  // from here on dense products take less time than sparse ones

/// The whole of short data; of long data 64 blocks of 32 KB at even distances, the first and last among them.
/// `add(first, count)` adds bytes of the `size` that there are.
template <class Add>
void hash_sample(Fnv1a& hash, std::size_t size, Add&& add) {
  hash.add(size);
  if (size <= kHashWhole) {
    add(0, size);
    return;
  }
  const std::size_t span = size - kHashBlock;
  for (std::size_t i = 0; i < kHashBlocks; ++i) add(span / (kHashBlocks - 1) * i, kHashBlock);
  add(span, kHashBlock);
}

void hash_sample(Fnv1a& hash, std::span<const std::byte> bytes) {
  hash_sample(hash, bytes.size(),
              [&](std::size_t first, std::size_t count) { hash.add(bytes.subspan(first, count)); });
}

/// The same hash as that of the rows in memory.
void hash_sample(Fnv1a& hash, const NpyRows& file) {
  const std::size_t row_bytes = file.row_bytes();
  std::vector<std::byte> rows;
  hash_sample(hash, file.rows() * row_bytes, [&](std::size_t first, std::size_t count) {
    const std::size_t begin = first / row_bytes, end = (first + count + row_bytes - 1) / row_bytes;
    rows.resize((end - begin) * row_bytes);
    file.read(begin, end - begin, rows);
    hash.add(std::span(rows).subspan(first - begin * row_bytes, count));
  });
}

void hash_values(Fnv1a& hash, const RawValues& raw) {
  hash.add(raw.rows());
  hash.add(raw.columns());
  if (const auto* dense = std::get_if<NumericArray>(&raw.values)) {
    hash.add(element_name(dense->type));
    hash_sample(hash, dense->bytes);
    return;
  }
  if (const StreamedRows* rows = raw.on_disk()) {
    hash.add(element_name(rows->file().type()));
    hash_sample(hash, rows->file());
    return;
  }
  const auto& sparse = std::get<CsrMatrix>(raw.values);
  hash.add(std::string_view("sparse"));
  hash_sample(hash, std::as_bytes(std::span(sparse.row_start)));
  hash_sample(hash, std::as_bytes(std::span(sparse.columns)));
  hash_sample(hash, std::as_bytes(std::span(sparse.values)));
}

/// The stored columns must be those of the schema. The readers see to that for tables; arrays are checked
/// here, because a schema may come from a person or a model.
void require_widths(const Schema& schema, const RawValues& raw, const std::string& file) {
  std::size_t end = 0;
  for (std::size_t c = 0; c < schema.columns.size(); ++c) {
    if (raw.first_column[c] != kNotStored) {
      end = std::max(end, raw.first_column[c] + schema.columns[c].width);
    }
  }
  if (end != raw.columns()) {
    throw InputError(file + " has " + std::to_string(raw.columns()) +
                     (raw.columns() == 1 ? " column" : " columns") + ", but its schema is for " +
                     std::to_string(end));
  }
}

/// What missing values mean in this data set: one thing, because learning differs.
Missing common_missing(const Schema& schema, const std::vector<std::uint64_t>& cells) {
  Missing common = Missing::kRefuse;
  for (std::size_t c = 0; c < cells.size(); ++c) {
    if (cells[c] == 0) continue;
    const Missing here = schema.columns[c].missing;
    if (common != Missing::kRefuse && common != here) {
      throw InputError(
          "some columns have missing = \"unknown\" and others \"absent\"; all that have missing "
          "values should say the same, because the two are learned differently");
    }
    common = here;
  }
  return common;
}

void require_labels(const Dataset::Parts& parts, std::size_t rows) {
  if (parts.labels.empty()) return;
  if (parts.labels.size() != rows) {
    throw InputError(parts.file + " has " + std::to_string(rows) + " cases but " +
                     std::to_string(parts.labels.size()) + " labels");
  }
  const Column* label = parts.schema.label();
  check(label != nullptr, "Dataset: labels without a label column");
  const auto classes = static_cast<std::int64_t>(label->categories.size());
  for (std::size_t r = 0; r < rows; ++r) {
    if (parts.labels[r] >= -1 && parts.labels[r] < classes) continue;
    throw InputError(Place{parts.file, parts.lines}.row(r) + ": the label " +
                     std::to_string(parts.labels[r]) + " is not one of the " + std::to_string(classes) +
                     " classes");
  }
}

void require_weights(const Dataset::Parts& parts, std::size_t rows) {
  if (parts.weights.empty()) return;
  if (parts.weights.size() != rows) {
    throw InputError(parts.file + " has " + std::to_string(rows) + " cases but " +
                     std::to_string(parts.weights.size()) + " weights");
  }
  double sum = 0.0;
  for (std::size_t r = 0; r < rows; ++r) {
    if (!(parts.weights[r] >= 0.0f) || std::isinf(parts.weights[r])) {
      throw InputError(Place{parts.file, parts.lines}.row(r) + ": the weight " +
                       number_text(parts.weights[r]) + " should be a finite number from 0 up");
    }
    sum += parts.weights[r];
  }
  if (sum <= 0.0) throw InputError(parts.file + ": all cases have weight 0; at least one should weigh more");
}

template <class T>
std::vector<T> pick(const std::vector<T>& from, std::span<const std::uint64_t> indices) {
  std::vector<T> picked;
  if (from.empty()) return picked;
  picked.reserve(indices.size());
  for (const auto i : indices) picked.push_back(from[i]);
  return picked;
}

bool is_identity(std::span<const std::uint64_t> rows, std::size_t total) {
  if (rows.size() != total) return false;
  for (std::size_t i = 0; i < total; ++i) {
    if (rows[i] != i) return false;
  }
  return true;
}

}  // namespace

Dataset::Dataset(Parts parts) : name_(std::move(parts.name)), description_(std::move(parts.description)) {
  check(parts.values->first_column.size() == parts.schema.columns.size(),
        "Dataset: first_column is not of this schema");
  if (parts.values->on_disk()) parts.values = with_row_check(*parts.values, parts.schema, parts.file);
  const RawValues& raw = *parts.values;
  const std::size_t total = raw.rows();
  if (total == 0) throw InputError(parts.file + " holds no cases; it should hold at least one");
  parts.schema.validate();
  parts.schema.ordered = true;
  require_widths(parts.schema, raw, parts.file);
  require_labels(parts, total);
  require_weights(parts, total);
  std::vector<std::uint64_t> missing(parts.schema.columns.size(), 0);
  if (!raw.on_disk()) missing = check_values(parts.schema, raw, {parts.file, parts.lines});
  if (parts.rows) {
    for (const auto row : *parts.rows) check(row < total, "Dataset: no such row");
    if (parts.rows->empty()) throw InputError(parts.file + ": no case is left; at least one should be");
    if (!is_identity(*parts.rows, total)) rows_ = std::move(*parts.rows);
  }
  cases_ = rows_.empty() ? total : rows_.size();
  if (parts.limit != 0 && rows_.empty()) cases_ = std::min<std::size_t>(total, parts.limit);
  compute_missing_statistics(parts.schema, raw, parts.warnings);
  labels_ = rows_.empty() ? std::move(parts.labels) : pick(parts.labels, rows_);
  weights_ = rows_.empty() ? std::move(parts.weights) : pick(parts.weights, rows_);
  FetchPlan plan(parts.schema, raw);
  LayerSpec spec = parts.schema.layer();
  const Missing common = common_missing(parts.schema, missing);
  shared_ = std::make_shared<const Shared>(
      Shared{std::move(parts.values), std::move(parts.schema), std::move(spec), std::move(plan), common,
             std::move(parts.warnings), std::move(parts.file), parts.stream});
}

/// Statistics of the cases; of a sample of them where they are on a disk.
void Dataset::compute_missing_statistics(Schema& schema, const RawValues& raw,
                                         std::vector<std::string>& warnings) const {
  if (!raw.on_disk()) return compute_statistics(schema, raw, rows_, warnings);
  std::vector<std::uint64_t> rows;
  for (const CaseRange& range : sample_ranges(cases_, raw.on_disk()->file().row_bytes()))
    for (std::uint64_t i = 0; i < range.count; ++i) rows.push_back(original_row(range.first + i));
  compute_statistics(schema, raw, rows, warnings);
}

const LayerSpec& Dataset::layer() const {
  return shared_->layer;
}
const Schema& Dataset::schema() const {
  return shared_->schema;
}
const std::vector<std::string>& Dataset::warnings() const {
  return shared_->warnings;
}
Missing Dataset::missing() const {
  return shared_->missing;
}
bool Dataset::has_missing() const {
  return shared_->missing != Missing::kRefuse;
}
float Dataset::value_step() const {
  return harmonium::value_step(shared_->schema, *shared_->raw);
}

bool Dataset::is_sampled() const {
  return shared_->plan.is_sampled();
}
bool Dataset::is_on_disk() const {
  return shared_->raw->on_disk() != nullptr;
}
std::uint64_t Dataset::original_row(std::size_t i) const {
  if (!rows_.empty()) return rows_[i];
  // left_out_[k] - k cases come before the k-th row that is none.
  std::size_t low = 0, high = left_out_.size();
  while (low < high) {
    const std::size_t k = low + (high - low) / 2;
    if (left_out_[k] - k <= i) {
      low = k + 1;
    } else {
      high = k;
    }
  }
  return i + low;
}
std::size_t Dataset::raw_bytes() const {
  return shared_->raw->bytes();
}
std::string Dataset::raw_description() const {
  return shared_->raw->description();
}

void Dataset::fetch(std::span<const std::uint64_t> cases, std::uint64_t seed, std::uint64_t epoch,
                    MatrixView<float> values) const {
  check(values.rows() == cases.size() && values.cols() == shared_->layer.columns(),
        "Dataset::fetch: the view is not cases x columns");
  for (const auto i : cases) check(i < cases_, "Dataset::fetch: no such case");
  const Noise noise(seed, Stream::kBinarise, epoch);
  if (rows_.empty() && left_out_.empty()) {
    shared_->plan.fetch(*shared_->raw, cases, noise, values);
  } else {
    std::vector<std::uint64_t> rows;
    rows.reserve(cases.size());
    for (const auto i : cases) rows.push_back(original_row(i));
    shared_->plan.fetch(*shared_->raw, rows, noise, values);
  }
}

// A property of the whole file, so that its subsets are all learned in one way.
bool Dataset::is_sparse() const {
  const auto* sparse = std::get_if<CsrMatrix>(&shared_->raw->values);
  if (sparse == nullptr || has_missing() || !shared_->plan.keeps_zeros()) return false;
  const double all = static_cast<double>(sparse->rows) * static_cast<double>(sparse->cols);
  return static_cast<double>(sparse->values.size()) < kDensestRows * all;
}

void Dataset::fetch_sparse(std::span<const std::uint64_t> cases, SparseMatrix& rows) const {
  check(is_sparse(), "Dataset::fetch_sparse: the values are not sparse");
  std::vector<std::uint64_t> numbers;
  numbers.reserve(cases.size());
  for (const auto i : cases) {
    check(i < cases_, "Dataset::fetch_sparse: no such case");
    numbers.push_back(original_row(i));
  }
  shared_->plan.fetch_sparse(std::get<CsrMatrix>(shared_->raw->values), numbers, rows);
}

std::unique_ptr<EpochOrder> Dataset::order(std::uint64_t seed) const {
  if (!is_on_disk()) return shuffled_order(cases_, seed);
  constexpr std::size_t kMostCases = 8192;
  auto rows = std::get<std::shared_ptr<StreamedRows>>(shared_->raw->values);
  const StreamOptions& stream = shared_->stream;
  const std::size_t block = std::clamp<std::size_t>(stream.block / rows->file().row_bytes(), 1, kMostCases);
  return std::make_unique<StreamedOrder>(
      *this, std::move(rows), BlockOrder(cases_, block, std::max<std::size_t>(1, stream.mixed_blocks), seed));
}

std::vector<CaseRange> Dataset::sample() const {
  if (!is_on_disk()) return BatchSource::sample();
  return sample_ranges(cases_, shared_->raw->on_disk()->file().row_bytes());
}

const std::vector<std::string>& Dataset::class_names() const {
  static const std::vector<std::string> kNone;
  const Column* label = schema().label();
  return label == nullptr ? kNone : label->categories;
}

std::vector<std::size_t> Dataset::class_counts() const {
  std::vector<std::size_t> counts(class_count(), 0);
  for (const auto label : labels_) {
    if (label >= 0) ++counts[static_cast<std::size_t>(label)];
  }
  return counts;
}

Dataset Dataset::with_rows(std::vector<std::uint64_t> rows, std::span<const std::uint64_t> indices) const {
  Dataset view;
  view.shared_ = shared_;
  view.name_ = name_;
  view.description_ = description_;
  view.cases_ = indices.size();
  // All cases in their order are the whole again, with the whole's hash.
  if (!is_identity(rows, shared_->raw->rows())) view.rows_ = std::move(rows);
  view.labels_ = pick(labels_, indices);
  view.weights_ = pick(weights_, indices);
  return view;
}

Dataset Dataset::subset(std::span<const std::uint64_t> indices) const {
  if (indices.empty()) throw InputError(name_ + ": a subset should have at least one case");
  std::vector<std::uint64_t> rows;
  rows.reserve(indices.size());
  for (const auto i : indices) {
    if (i >= cases_) {
      throw InputError(name_ + " has no case " + std::to_string(i) + "; the last is " +
                       std::to_string(cases_ - 1));
    }
    rows.push_back(original_row(i));
  }
  return with_rows(std::move(rows), indices);
}

Dataset Dataset::filter_classes(std::span<const std::int32_t> classes) const {
  if (!has_labels()) throw InputError(name_ + " has no labels, so classes cannot be chosen");
  const std::set<std::int32_t> kept(classes.begin(), classes.end());
  for (const auto k : kept) {
    if (k < 0 || static_cast<std::size_t>(k) >= class_count()) {
      throw InputError(name_ + " has no class " + std::to_string(k) + "; its classes count from 0 to " +
                       std::to_string(class_count() - 1));
    }
  }
  std::vector<std::uint64_t> indices;
  for (std::size_t i = 0; i < cases_; ++i) {
    if (kept.contains(labels_[i])) indices.push_back(i);
  }
  if (indices.empty()) throw InputError(name_ + " has no case of the chosen classes");
  return subset(indices);
}

Dataset Dataset::take(std::size_t first, std::size_t count) const {
  if (first >= cases_ || count == 0) {
    throw InputError(name_ + " has " + std::to_string(cases_) + " cases, so none is left of " +
                     std::to_string(count) + " from " + std::to_string(first) + " on");
  }
  std::vector<std::uint64_t> indices(std::min(count, cases_ - first));
  std::iota(indices.begin(), indices.end(), first);
  return subset(indices);
}

std::pair<Dataset, Dataset> Dataset::split(std::size_t held_out, std::uint64_t seed) const {
  if (cases_ == 1) throw InputError(name_ + " has one case, so none can be held out");
  if (held_out == 0 || held_out >= cases_) {
    throw InputError("the number of held-out cases should be from 1 to " + std::to_string(cases_ - 1) +
                     ", not " + std::to_string(held_out));
  }
  const std::vector<std::uint64_t> out = draw(held_out, seed);
  if (is_on_disk() && rows_.empty() && left_out_.empty()) return {without(out), subset(out)};
  std::vector<std::uint64_t> rest;
  rest.reserve(cases_ - held_out);
  for (std::size_t i = 0, k = 0; i < cases_; ++i) {
    if (k < out.size() && out[k] == i) {
      ++k;
    } else {
      rest.push_back(i);
    }
  }
  return {subset(rest), subset(out)};
}

/// `count` cases without replacement, ascending: those with the smallest keys. It is like a shuffle, but a
/// case's key depends on nothing else.
std::vector<std::uint64_t> Dataset::draw(std::size_t count, std::uint64_t seed) const {
  const Noise noise(seed, Stream::kSplit, 0);
  std::priority_queue<std::pair<std::uint64_t, std::uint64_t>> smallest;  // the largest of them on top
  for (std::size_t i = 0; i < cases_; ++i) {
    const auto words = noise.words(original_row(i), 0);
    const std::pair<std::uint64_t, std::uint64_t> key{words[0] | std::uint64_t{words[1]} << 32, i};
    if (smallest.size() == count) {
      if (!(key < smallest.top())) continue;
      smallest.pop();
    }
    smallest.push(key);
  }
  std::vector<std::uint64_t> drawn;
  for (; !smallest.empty(); smallest.pop()) drawn.push_back(smallest.top().second);
  std::sort(drawn.begin(), drawn.end());
  return drawn;
}

/// All but the cases `left_out`, ascending, of a data set whose cases are the rows in their order.
Dataset Dataset::without(std::vector<std::uint64_t> left_out) const {
  Dataset view = *this;
  view.cases_ -= left_out.size();
  view.left_out_ = std::move(left_out);
  view.labels_.resize(labels_.empty() ? 0 : view.cases_);
  for (std::size_t i = 0; i < view.labels_.size(); ++i) view.labels_[i] = labels_[view.original_row(i)];
  view.weights_.resize(weights_.empty() ? 0 : view.cases_);
  for (std::size_t i = 0; i < view.weights_.size(); ++i) view.weights_[i] = weights_[view.original_row(i)];
  return view;
}

Dataset Dataset::resize_images(std::size_t height, std::size_t width) const {
  const auto shape = image_shape();
  const auto* dense = std::get_if<NumericArray>(&shared_->raw->values);
  if (is_on_disk()) {
    throw InputError(
        name_ +
        " is larger than data.memory and stays on the disk, where images cannot be reduced; write "
        "them reduced, or raise data.memory");
  }
  if (shape.empty() || dense == nullptr || dense->type != ElementType::kU8) {
    throw InputError(name_ + " holds " + raw_description() + ", which are not images of bytes to be resized");
  }
  const std::string from = std::to_string(shape[0]) + " x " + std::to_string(shape[1]);
  const std::string to = std::to_string(height) + " x " + std::to_string(width);
  if (height == 0 || width == 0 || height > shape[0] || width > shape[1]) {
    throw InputError("images of " + from + " can be resized to at most that and at least 1 x 1, not to " +
                     to);
  }
  Dataset smaller = *this;
  if (height == shape[0] && width == shape[1]) return smaller;
  RawValues raw{resize_by_area(*dense, shape[0], shape[1], height, width), shared_->raw->first_column};
  Shared shared = *shared_;
  for (Column& column : shared.schema.columns) {
    if (column.role != ColumnRole::kFeature) continue;
    column.width = height * width;
    if (column.reduced_from.empty()) column.reduced_from = column.shape;
    column.shape = {height, width};
    column.mean.clear(), column.deviation.clear();
  }
  compute_missing_statistics(shared.schema, raw, shared.warnings);
  shared.layer = shared.schema.layer();
  shared.plan = FetchPlan(shared.schema, raw);
  shared.raw = std::make_shared<const RawValues>(std::move(raw));
  smaller.shared_ = std::make_shared<const Shared>(std::move(shared));
  smaller.name_ += " " + std::to_string(height) + "x" + std::to_string(width);
  smaller.description_ += ", reduced from " + from + " to " + to + " pixels by averaging over areas";
  return smaller;
}

LabelledSource Dataset::with_labels_as_units() const {
  if (!has_labels()) throw InputError(name_ + " has no labels to be units of a joint model");
  return LabelledSource(std::make_shared<Dataset>(*this), labels_, class_count());
}

std::string Dataset::hash() const {
  Fnv1a hash;
  hash_values(hash, *shared_->raw);
  hash.add(rows_.size());
  for (const auto row : rows_) hash.add(row);
  if (rows_.empty() &&
      cases_ != shared_->raw->rows()) {  // of what is on a disk: all up to a limit, or but some
    hash.add(cases_);
    for (const auto row : left_out_) hash.add(row);
  }
  hash.add(labels_.size());
  hash.add(std::as_bytes(std::span(labels_)));
  hash.add(weights_.size());
  hash.add(std::as_bytes(std::span(weights_)));
  std::string digits(16, '0');
  for (std::size_t i = 0; i < 16; ++i) digits[15 - i] = "0123456789abcdef"[hash.value() >> (4 * i) & 15];
  return digits;
}

}  // namespace harmonium
