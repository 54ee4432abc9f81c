// Sizes of raw values, and images made smaller.
#include "data/raw_values.h"

#include <algorithm>
#include <cmath>

namespace harmonium {
namespace {

/// The old pixels that new pixel `i` of `count` covers along one axis, and how much of each.
struct Cover {
  std::size_t first = 0;
  std::vector<double> weights;  ///< sum to 1
};

std::vector<Cover> covers(std::size_t old_count, std::size_t count) {
  std::vector<Cover> all(count);
  const double ratio = static_cast<double>(old_count) / static_cast<double>(count);
  for (std::size_t i = 0; i < count; ++i) {
    const double begin = ratio * static_cast<double>(i), end = ratio * static_cast<double>(i + 1);
    all[i].first = static_cast<std::size_t>(begin);
    for (std::size_t j = all[i].first; j < old_count; ++j) {
      const double overlap = std::min(end, static_cast<double>(j + 1)) - std::max(begin, double(j));
      if (overlap <= 1e-9) break;  // rounding of `end` must not reach the next pixel
      all[i].weights.push_back(overlap / ratio);
    }
  }
  return all;
}

}  // namespace

StreamedRows* RawValues::on_disk() const {
  const auto* rows = std::get_if<std::shared_ptr<StreamedRows>>(&values);
  return rows == nullptr ? nullptr : rows->get();
}

ElementType RawValues::type() const {
  if (const auto* rows = on_disk()) return rows->file().type();
  const auto* dense = std::get_if<NumericArray>(&values);
  return dense == nullptr ? ElementType::kF32 : dense->type;
}

std::size_t RawValues::rows() const {
  if (const auto* rows = on_disk()) return rows->file().rows();
  if (const auto* dense = std::get_if<NumericArray>(&values)) return dense->rows();
  return std::get<CsrMatrix>(values).rows;
}

std::size_t RawValues::columns() const {
  if (const auto* rows = on_disk()) return rows->file().row_size();
  if (const auto* dense = std::get_if<NumericArray>(&values)) return dense->row_size();
  return std::get<CsrMatrix>(values).cols;
}

std::size_t RawValues::bytes() const {
  if (const auto* rows = on_disk()) return rows->file().rows() * rows->file().row_bytes();
  if (const auto* dense = std::get_if<NumericArray>(&values)) return dense->bytes.size();
  const auto& sparse = std::get<CsrMatrix>(values);
  return sparse.row_start.size() * sizeof(std::uint64_t) +
         sparse.columns.size() * (sizeof(std::uint32_t) + sizeof(float));
}

std::string RawValues::description() const {
  const std::string sizes = std::to_string(rows()) + " x " + std::to_string(columns());
  if (!std::holds_alternative<CsrMatrix>(values)) return std::string(element_name(type())) + " " + sizes;
  return "f32 sparse " + sizes + " (" + std::to_string(std::get<CsrMatrix>(values).values.size()) +
         " entries)";
}

NumericArray resize_by_area(const NumericArray& images, std::size_t old_height, std::size_t old_width,
                            std::size_t height, std::size_t width) {
  const auto rows = covers(old_height, height), cols = covers(old_width, width);
  const auto from = images.values<std::uint8_t>();
  std::vector<std::uint8_t> to(images.rows() * height * width);
  auto* out = to.data();
  for (std::size_t n = 0; n < images.rows(); ++n) {
    const std::uint8_t* image = from.data() + n * old_height * old_width;
    for (const Cover& row : rows) {
      for (const Cover& col : cols) {
        double sum = 0.0;
        for (std::size_t y = 0; y < row.weights.size(); ++y) {
          const std::uint8_t* line = image + (row.first + y) * old_width + col.first;
          double part = 0.0;
          for (std::size_t x = 0; x < col.weights.size(); ++x) part += col.weights[x] * line[x];
          sum += row.weights[y] * part;
        }
        *out++ = static_cast<std::uint8_t>(std::lround(std::min(sum, 255.0)));
      }
    }
  }
  return NumericArray::from<std::uint8_t>(to, {images.rows(), height * width});
}

}  // namespace harmonium
