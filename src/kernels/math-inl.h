// Elementary functions in vectors of f32: exp, expm1, logistic, log, log1p, and the normal loss function.
//
// Included once for every target of Highway. Bounds on errors are tested in tests/unit/kernels_math_test.cpp
// and kernels_pass_test.cpp, on every target.
#if defined(HARMONIUM_KERNELS_MATH_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HARMONIUM_KERNELS_MATH_INL_H_
#undef HARMONIUM_KERNELS_MATH_INL_H_
#else
#define HARMONIUM_KERNELS_MATH_INL_H_
#endif

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace harmonium {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// What exp and expm1 share:  exp(x) = power (1 + rest)
///
///   n = round(x / log 2),  r = x - n log 2 in [-0.347, 0.347],  power = 2^n,  rest = r + r^2 p(r)
///
/// p is the degree-5 minimax polynomial of Cephes' expf (Moshier 1989). log 2 is split in two, the upper
/// part so short that n times it is exact where the target has no fused multiplication.
template <class D, class V = hn::Vec<D>>
HWY_INLINE void exp_parts(D d, V x, V& power, V& r, V& square_p) {
  const hn::RebindToSigned<D> di;
  const auto n = hn::NearestInt(hn::Mul(x, hn::Set(d, 1.44269504089f)));
  const V nf = hn::ConvertTo(d, n);
  r = hn::NegMulAdd(nf, hn::Set(d, 0.693359375f), x);
  r = hn::NegMulAdd(nf, hn::Set(d, -2.12194440e-4f), r);
  V p = hn::Set(d, 1.9875691500e-4f);
  p = hn::MulAdd(p, r, hn::Set(d, 1.3981999507e-3f));
  p = hn::MulAdd(p, r, hn::Set(d, 8.3334519073e-3f));
  p = hn::MulAdd(p, r, hn::Set(d, 4.1665795894e-2f));
  p = hn::MulAdd(p, r, hn::Set(d, 1.6666665459e-1f));
  square_p = hn::MulAdd(p, r, hn::Set(d, 5.0000001201e-1f));
  power = hn::BitCast(d, hn::ShiftLeft<23>(hn::Add(n, hn::Set(di, 127))));
}

/// exp(x) in f32 for |x| <= 87; at most 2 ULP from the true value.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V exp_f32(D d, V x) {
  V power, r, p;
  exp_parts(d, x, power, r, p);
  const V value = hn::Add(hn::MulAdd(hn::Mul(r, r), p, r), hn::Set(d, 1.0f));
  return hn::Mul(value, power);
}

/// The same for all x <= 87: 0 below -87. NaN stays NaN.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V exp_or_zero_f32(D d, V x) {
  const auto below = hn::Lt(x, hn::Set(d, -87.0f));
  return hn::IfThenZeroElse(below, exp_f32(d, hn::IfThenZeroElse(below, x)));
}

/// exp(x) - 1 for |x| <= 87, at most 3 ULP.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V expm1_f32(D d, V x) {
  V power, r, p;
  exp_parts(d, x, power, r, p);
  return hn::MulAdd(power, hn::MulAdd(hn::Mul(r, r), p, r), hn::Sub(power, hn::Set(d, 1.0f)));
}

/// 1 / (1 + exp(-x)), at most 4 ULP for |x| <= 87; beyond, its value at -87 (1.6e-38) or 1. NaN stays NaN,
/// which the bounds alone do not ensure: targets differ in what Min and Max make of it.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V logistic_f32(D d, V x) {
  const V bounded = hn::Max(hn::Min(x, hn::Set(d, 87.0f)), hn::Set(d, -87.0f));
  const V one = hn::Set(d, 1.0f);
  const V value = hn::Div(one, hn::Add(one, exp_f32(d, hn::Neg(bounded))));
  return hn::IfThenElse(hn::Eq(x, x), value, x);
}

/// log(x) for normal x > 0, at most 2 ULP.
///
///   x = 2^n (1 + f),  1 + f in [sqrt(1/2), sqrt 2),  log(x) = n log 2 + f - f^2 / 2 + f^3 p(f)
///
/// with the polynomial of Cephes' logf.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V log_f32(D d, V x) {
  const hn::RebindToSigned<D> di;
  const auto bits = hn::BitCast(di, x);
  const auto n = hn::ShiftRight<23>(hn::Sub(bits, hn::Set(di, 0x3F3504F3)));
  const V nf = hn::ConvertTo(d, n);
  const V f = hn::Sub(hn::BitCast(d, hn::Sub(bits, hn::ShiftLeft<23>(n))), hn::Set(d, 1.0f));
  V p = hn::Set(d, 7.0376836292e-2f);
  p = hn::MulAdd(p, f, hn::Set(d, -1.1514610310e-1f));
  p = hn::MulAdd(p, f, hn::Set(d, 1.1676998740e-1f));
  p = hn::MulAdd(p, f, hn::Set(d, -1.2420140846e-1f));
  p = hn::MulAdd(p, f, hn::Set(d, 1.4249322787e-1f));
  p = hn::MulAdd(p, f, hn::Set(d, -1.6668057665e-1f));
  p = hn::MulAdd(p, f, hn::Set(d, 2.0000714765e-1f));
  p = hn::MulAdd(p, f, hn::Set(d, -2.4999993993e-1f));
  p = hn::MulAdd(p, f, hn::Set(d, 3.3333331174e-1f));
  const V square = hn::Mul(f, f);
  V rest = hn::Mul(hn::Mul(p, f), square);
  rest = hn::MulAdd(nf, hn::Set(d, -2.12194440e-4f), rest);
  rest = hn::NegMulAdd(hn::Set(d, 0.5f), square, rest);
  return hn::MulAdd(nf, hn::Set(d, 0.693359375f), hn::Add(f, rest));
}

/// log(1 + x) for x > -1, 1 + x normal; at most 3 ULP. Rounding 1 + x changes the logarithm by
/// (error) / (1 + x), which is put back.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V log1p_f32(D d, V x) {
  const V one = hn::Set(d, 1.0f);
  const V sum = hn::Add(one, x);
  const V error = hn::Sub(x, hn::Sub(sum, one));
  return hn::Add(log_f32(d, sum), hn::Div(error, sum));
}

/// The normal loss function  E[max(0, n - y)] = phi(y) - y (1 - Phi(y)),  n standard normal, for y >= 0: at
/// most 8 (1 + y^2) ULP, y^2 being what the rounding of y does; 0 beyond y = 13.2, where it is below 1e-40.
///
///   phi(y) t^2 p(t),  t = 1 / (1 + 0.3 y)
///
/// p: degree 9, fitted to relative error by weighted least squares at Chebyshev nodes over 0 <= y <= 14; the
/// fit is within 5e-8.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V normal_loss_f32(D d, V y) {
  const V one = hn::Set(d, 1.0f);
  const V t = hn::Div(one, hn::MulAdd(hn::Set(d, 0.3f), y, one));
  V p = hn::Set(d, -0.142369211f);
  p = hn::MulAdd(p, t, hn::Set(d, 0.696964383f));
  p = hn::MulAdd(p, t, hn::Set(d, -1.23398435f));
  p = hn::MulAdd(p, t, hn::Set(d, 0.839054763f));
  p = hn::MulAdd(p, t, hn::Set(d, -0.228295788f));
  p = hn::MulAdd(p, t, hn::Set(d, 0.297694087f));
  p = hn::MulAdd(p, t, hn::Set(d, 0.25593403f));
  p = hn::MulAdd(p, t, hn::Set(d, 0.244755089f));
  p = hn::MulAdd(p, t, hn::Set(d, 0.1802641f));
  p = hn::MulAdd(p, t, hn::Set(d, 0.08998283f));
  const V phi =
      hn::Mul(exp_or_zero_f32(d, hn::Mul(hn::Mul(hn::Set(d, -0.5f), y), y)), hn::Set(d, 0.398942280f));
  return hn::Mul(hn::Mul(phi, hn::Mul(t, t)), p);
}

}  // namespace HWY_NAMESPACE
}  // namespace harmonium
HWY_AFTER_NAMESPACE();

#endif  // HARMONIUM_KERNELS_MATH_INL_H_
