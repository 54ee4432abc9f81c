#include "harmonium/kernels/bytes.h"

#include "harmonium/kernels/isa.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/bytes.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h:
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace harmonium {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

void scale_bytes_on_target(const std::uint8_t* bytes, std::size_t count, float scale, float offset,
                           float* values) {
  const hn::ScalableTag<float> d;
  const hn::RebindToSigned<decltype(d)> di;
  const hn::Rebind<std::uint8_t, decltype(d)> d8;
  const auto s = hn::Set(d, scale), o = hn::Set(d, offset);
  std::size_t i = 0;
  for (; i + hn::Lanes(d) <= count; i += hn::Lanes(d)) {
    const auto x = hn::ConvertTo(d, hn::PromoteTo(di, hn::LoadU(d8, bytes + i)));
    hn::StoreU(hn::Add(hn::Mul(x, s), o), d, values + i);
  }
  for (; i < count; ++i) {
    const hn::CappedTag<float, 1> one;  // vectors of one, so that the compiler does not fuse product and sum
    const auto x = hn::Set(one, static_cast<float>(bytes[i]));
    hn::StoreU(hn::Add(hn::Mul(x, hn::Set(one, scale)), hn::Set(one, offset)), one, values + i);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace harmonium
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace harmonium {

HWY_EXPORT(scale_bytes_on_target);

void scale_bytes(std::span<const std::uint8_t> bytes, float scale, float offset, std::span<float> values) {
  cap_instruction_set_from_environment();
  HWY_DYNAMIC_DISPATCH(scale_bytes_on_target)(bytes.data(), bytes.size(), scale, offset, values.data());
}

}  // namespace harmonium
#endif  // HWY_ONCE
