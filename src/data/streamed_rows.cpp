#include "data/streamed_rows.h"

namespace harmonium {

const std::byte* HeldRows::find(std::uint64_t row, std::size_t row_bytes) const {
  auto run = std::upper_bound(runs.begin(), runs.end(), row,
                              [](std::uint64_t wanted, const Run& one) { return wanted < one.first; });
  if (run == runs.begin()) return nullptr;
  --run;
  if (row - run->first >= run->count) return nullptr;
  return bytes.data() + run->offset + (row - run->first) * row_bytes;
}

void StreamedRows::read(std::uint64_t first, std::size_t count, std::span<std::byte> out) const {
  file_.read(first, count, out);
  if (check_) check_(first, count, out.data());
}

void StreamedRows::hold(Held rows) {
  auto next = std::make_shared<const Held>(std::move(rows));
  const std::lock_guard lock(mutex_);
  held_.swap(next);
}

std::shared_ptr<const StreamedRows::Held> StreamedRows::held_now() const {
  const std::lock_guard lock(mutex_);
  return held_;
}

const std::byte* StreamedRows::find(const Held& held, std::uint64_t row) const {
  for (const auto& rows : held)
    if (const std::byte* values = rows->find(row, file_.row_bytes())) return values;
  return nullptr;
}

}  // namespace harmonium
