// The fast pass of Poisson units.
#include "units/passes.h"

#include <cmath>

#include "harmonium/kernels/isa.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "units/poisson_simd.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h:
#include <hwy/highway.h>

#include "kernels/pass-inl.h"

HWY_BEFORE_NAMESPACE();
namespace harmonium {
namespace HWY_NAMESPACE {

#if HWY_TARGET == HWY_SCALAR

bool poisson_on_target(const PassRows&) {
  return false;
}

#else

/// Counts by inversion for rates below kMinRejectionRate, by PTRS (poisson.cpp) below kMaxVectorRate, and one
/// at a time above.
struct PoissonVector {
  template <class D>
  HWY_INLINE void block(D d, const BlockRandom<D>& random, PassBlock<D>& b) const {
    using V = hn::Vec<D>;
    const auto& x = b.total;
    b.mean = {rate(d, x.a), rate(d, x.b), rate(d, x.c), rate(d, x.d)};
    if (!b.wants_sample) return;
    const auto& m = b.mean;
    const auto u = random.open_uniforms(d, b.quad);
    b.sample = {inverted(d, m.a, u.a), inverted(d, m.b, u.b), inverted(d, m.c, u.c), inverted(d, m.d, u.d)};
    const V ten = hn::Set(d, kMinRejectionRate);
    const auto large =
        hn::Or(hn::Or(hn::Ge(m.a, ten), hn::Ge(m.b, ten)), hn::Or(hn::Ge(m.c, ten), hn::Ge(m.d, ten)));
    if (!hn::AllFalse(d, large)) large_rates(d, random, b);
  }

 private:
  /// e^x with x held at or below 20, a NaN kept.
  template <class D, class V>
  HWY_INLINE V rate(D d, V x) const {
    const V value = exp_or_zero_f32(d, hn::Min(x, hn::Set(d, 20.0f)));
    return hn::IfThenElse(hn::Eq(x, x), value, x);
  }

  /// The number of n >= 1 with u <= P(count >= n), for rates below kMinRejectionRate; NaN stays, others give
  /// 0. The first chance, 1 - e^-rate, has no rounding error to speak of; from it the others are had by
  /// subtraction, within 3e-7. The search ends where the next chance is below 1e-10.
  template <class D, class V>
  HWY_INLINE V inverted(D d, V any_rate, V u) const {
    const V one = hn::Set(d, 1.0f), tiny = hn::Set(d, 1e-10f);
    const V rate = hn::IfThenElseZero(hn::Lt(any_rate, hn::Set(d, kMinRejectionRate)), any_rate);
    V above = hn::Neg(expm1_f32(d, hn::Neg(rate)));
    V chance = hn::Sub(one, above), count = hn::Zero(d);
    auto within = hn::Le(u, above);
    for (float n = 1.0f; n < 64.0f && !hn::AllFalse(d, within); n += 1.0f) {
      count = hn::Add(count, hn::IfThenElseZero(within, one));
      chance = hn::Mul(chance, hn::Mul(rate, hn::Set(d, 1.0f / n)));
      above = hn::Sub(above, chance);
      const auto left = hn::Or(hn::Gt(chance, tiny), hn::Gt(rate, hn::Set(d, n)));
      within = hn::And(within, hn::And(left, hn::Le(u, above)));
    }
    return hn::IfThenElse(hn::Eq(any_rate, any_rate), count, any_rate);
  }

  /// One vector's PTRS: constants, and the counts found so far.
  template <class V>
  struct Rejection {
    V rate, whole, fraction, a, b, accept_below, inverse_alpha, log_rate, count;
    V open;  ///< 1 where a count is still wanted, else 0
  };

  template <class D, class V>
  HWY_INLINE Rejection<V> start(D d, V any_rate, V count) const {
    const auto set = [&](double value) HWY_ATTR { return hn::Set(d, static_cast<float>(value)); };
    const auto mine =
        hn::And(hn::Ge(any_rate, set(kMinRejectionRate)), hn::Lt(any_rate, set(kMaxVectorRate)));
    const V rate = hn::IfThenElse(mine, any_rate, set(kMinRejectionRate)), whole = hn::Floor(rate);
    const V b = hn::MulAdd(set(2.53), hn::Sqrt(rate), set(0.931));
    const V a = hn::MulAdd(set(0.02483), b, set(-0.059));
    const V inverse_alpha = hn::Add(set(1.1239), hn::Div(set(1.1328), hn::Sub(b, set(3.4))));
    const V accept_below = hn::Sub(set(0.9277), hn::Div(set(3.6224), hn::Sub(b, set(2.0))));
    // All at once: on NEON the constructor of an empty vector has another target than this function.
    return {rate,         whole,         hn::Sub(rate, whole), a,     b,
            accept_below, inverse_alpha, log_f32(d, rate),     count, hn::IfThenElseZero(mine, set(1.0))};
  }

  /// One try with the words of u and v. The logarithm of the Poisson probability is written with
  /// k log(rate / k) + k - rate by log1p, which f32 holds to 1e-5 at any rate in range.
  template <class D, class V, class V32 = hn::Vec<hn::RebindToUnsigned<D> > >
  HWY_INLINE void attempt(D d, Rejection<V>& r, V32 u_word, V v) const {
    const hn::RebindToSigned<D> di;
    const hn::RebindToUnsigned<D> du;
    const auto set = [&](double value) HWY_ATTR { return hn::Set(d, static_cast<float>(value)); };
    const V centred = hn::ConvertTo(d, hn::BitCast(di, hn::Xor(u_word, hn::Set(du, 0x80000000u))));
    const V u = hn::Mul(centred, set(0x1p-32)), us = hn::Sub(set(0.5), hn::Abs(u));
    const V offset = hn::Mul(hn::Add(hn::Div(hn::Add(r.a, r.a), us), r.b), u);
    const V steps = hn::Floor(hn::Add(hn::Add(offset, r.fraction), set(0.43)));
    const V k = hn::Add(r.whole, steps);
    const auto quick = hn::And(hn::Ge(us, set(0.07)), hn::Le(v, r.accept_below));
    const auto never = hn::Or(hn::Lt(k, set(0.0)), hn::And(hn::Lt(us, set(0.013)), hn::Gt(v, us)));
    const V one = set(1.0), positive_k = hn::Max(k, one), inverse = hn::Div(one, positive_k);
    const V distance = hn::Sub(r.fraction, steps);  // rate - k
    const V square = hn::Mul(inverse, inverse);
    const V stirling = hn::Mul(
        inverse, hn::MulAdd(square, hn::MulAdd(square, set(1.0 / 1260), set(-1.0 / 360)), set(1.0 / 12)));
    V log_probability = hn::MulSub(positive_k, log1p_f32(d, hn::Mul(distance, inverse)), distance);
    log_probability = hn::Sub(log_probability, stirling);
    log_probability =
        hn::NegMulAdd(set(0.5), log_f32(d, hn::Mul(set(6.283185307), positive_k)), log_probability);
    log_probability = hn::IfThenElse(hn::Lt(k, one), hn::Neg(r.rate), log_probability);
    const V hat = hn::Add(hn::Div(r.a, hn::Mul(us, us)), r.b);
    const V log_ratio = log_f32(d, hn::Div(hn::Mul(v, r.inverse_alpha), hat));
    const auto tested = hn::AndNot(never, hn::Le(log_ratio, log_probability));
    const auto accept = hn::And(hn::Or(quick, tested), hn::Gt(r.open, hn::Zero(d)));
    r.count = hn::IfThenElse(accept, k, r.count);
    r.open = hn::IfThenZeroElse(accept, r.open);
  }

  template <class D, class V>
  HWY_INLINE bool is_open(D d, const Rejection<V>& r) const {
    return !hn::AllFalse(d, hn::Gt(r.open, hn::Zero(d)));
  }

  template <class D>
  HWY_NOINLINE void large_rates(D d, const BlockRandom<D>& random, PassBlock<D>& b) const {
    auto ra = start(d, b.mean.a, b.sample.a), rb = start(d, b.mean.b, b.sample.b);
    auto rc = start(d, b.mean.c, b.sample.c), rd = start(d, b.mean.d, b.sample.d);
    for (std::uint32_t t = 0; t < kMaxTries; ++t) {
      const bool wanted[4] = {is_open(d, ra), is_open(d, rb), is_open(d, rc), is_open(d, rd)};
      if (!wanted[0] && !wanted[1] && !wanted[2] && !wanted[3]) break;
      const auto u = random.bits(d, b.quad, 2 * t);
      const auto v = random.open_uniforms(d, b.quad, 2 * t + 1);
      if (wanted[0]) attempt(d, ra, u.a, v.a);
      if (wanted[1]) attempt(d, rb, u.b, v.b);
      if (wanted[2]) attempt(d, rc, u.c, v.c);
      if (wanted[3]) attempt(d, rd, u.d, v.d);
    }
    b.sample = {ra.count, rb.count, rc.count, rd.count};
    const auto huge = hn::Set(d, kMaxVectorRate);
    const auto any = hn::Or(hn::Or(hn::Ge(b.mean.a, huge), hn::Ge(b.mean.b, huge)),
                            hn::Or(hn::Ge(b.mean.c, huge), hn::Ge(b.mean.d, huge)));
    if (!hn::AllFalse(d, any)) one_at_a_time(d, random, b);
  }

  /// The rates that vectors of f32 do not do.
  template <class D>
  HWY_NOINLINE void one_at_a_time(D d, const BlockRandom<D>& random, PassBlock<D>& b) const {
    HWY_ALIGN float rates[4 * hn::MaxLanes(D())], counts[4 * hn::MaxLanes(D())];
    store_four(d, b.mean, rates);
    store_four(d, b.sample, counts);
    for (std::size_t i = 0; i < 4 * hn::Lanes(d); ++i) {
      if (!(rates[i] >= kMaxVectorRate)) continue;
      const auto unit = static_cast<std::uint32_t>(4 * b.quad + i);
      counts[i] = static_cast<float>(poisson_sample(rates[i], random.row_noise(), unit));
    }
    b.sample = load_four(d, counts);
  }
};

bool poisson_on_target(const PassRows& rows) {
  block_pass(PoissonVector(), rows);
  return true;
}

#endif  // HWY_TARGET

}  // namespace HWY_NAMESPACE
}  // namespace harmonium
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace harmonium {

HWY_EXPORT(poisson_on_target);

bool poisson_pass(const PassRows& rows) {
  cap_instruction_set_from_environment();
  return HWY_DYNAMIC_DISPATCH(poisson_on_target)(rows);
}

}  // namespace harmonium
#endif  // HWY_ONCE
