#include "harmonium/kernels/products.h"

#include <algorithm>

#include "harmonium/base/error.h"
#include "harmonium/kernels/isa.h"

#ifdef HARMONIUM_ONEDNN
#include <omp.h>
#include <oneapi/dnnl/dnnl.h>
#include <csignal>
#else
#include <cblas.h>
#endif

namespace harmonium {
namespace {

// Both libraries would start threads of their own inside a product; ours are busy already. The OpenMP setting
// belongs to the calling thread, so every thread makes it once.
void keep_to_this_thread() {
  thread_local const bool done = [] {
    cap_instruction_set_from_environment();
#ifdef HARMONIUM_ONEDNN
    omp_set_num_threads(1);
#else
    openblas_set_num_threads(1);
#endif
    return true;
  }();
  (void)done;
}

#ifdef HARMONIUM_ONEDNN
// oneDNN 2.6's generated kernels keep data below the stack pointer, where a signal handler's frame would lie:
// with a timer of 200 microseconds a product of 50 x 784 by 784 x 40 corrupts the heap within a second. So
// handlers wait until the product is done; a pair of system calls costs less than a microsecond. Faults are
// still delivered.
class HeldSignals {
 public:
  HeldSignals() {
    sigset_t held;
    sigfillset(&held);
    for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP}) sigdelset(&held, fault);
    pthread_sigmask(SIG_BLOCK, &held, &before_);
  }
  ~HeldSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  HeldSignals(const HeldSignals&) = delete;
  HeldSignals& operator=(const HeldSignals&) = delete;

 private:
  sigset_t before_;
};
#endif

}  // namespace

void product(float alpha, ConstMatrixView<float> a, Transpose turn_a, ConstMatrixView<float> b,
             Transpose turn_b, float beta, MatrixView<float> c) {
  const bool ta = turn_a == Transpose::kYes, tb = turn_b == Transpose::kYes;
  const std::size_t m = ta ? a.cols() : a.rows(), k = ta ? a.rows() : a.cols();
  const std::size_t n = tb ? b.rows() : b.cols();
  check((tb ? b.cols() : b.rows()) == k && c.rows() == m && c.cols() == n, "shapes of a product do not fit");
  if (m == 0 || n == 0) return;
  if (k == 0) {
    for (std::size_t i = 0; i < m; ++i)
      for (float& value : c.row(i)) value = beta == 0.0f ? 0.0f : beta * value;
    return;
  }
  keep_to_this_thread();
#ifdef HARMONIUM_ONEDNN
  using Size = dnnl_dim_t;
  const HeldSignals held;
  const dnnl_status_t status =
      dnnl_sgemm(ta ? 'T' : 'N', tb ? 'T' : 'N', static_cast<Size>(m), static_cast<Size>(n),
                 static_cast<Size>(k), alpha, a.data(), static_cast<Size>(a.stride()), b.data(),
                 static_cast<Size>(b.stride()), beta, c.data(), static_cast<Size>(c.stride()));
  if (status != dnnl_success) throw WorkError("oneDNN could not multiply two matrices: out of memory?");
#else
  cblas_sgemm(CblasRowMajor, ta ? CblasTrans : CblasNoTrans, tb ? CblasTrans : CblasNoTrans,
              static_cast<int>(m), static_cast<int>(n), static_cast<int>(k), alpha, a.data(),
              static_cast<int>(a.stride()), b.data(), static_cast<int>(b.stride()), beta, c.data(),
              static_cast<int>(c.stride()));
#endif
}

std::string products_library() {
#ifdef HARMONIUM_ONEDNN
  const dnnl_version_t* v = dnnl_version();
  return "oneDNN " + std::to_string(v->major) + "." + std::to_string(v->minor) + "." +
         std::to_string(v->patch);
#else
  return openblas_get_config();
#endif
}

std::size_t block_of_cases(std::size_t rows) {
  const std::size_t blocks = std::max<std::size_t>(1, rows / 48);
  return (rows + blocks - 1) / blocks;
}

namespace {

// What the slower of two threads has to do when blocks of `step` rows are shared out.
std::size_t larger_half(std::size_t rows, std::size_t step) {
  const std::size_t half = std::min(rows, (rows + step - 1) / step / 2 * step);
  return std::max(half, rows - half);
}

}  // namespace

std::size_t block_of_weights(std::size_t rows, std::size_t cols) {
  // About 32 Ki weights: small enough that threads share the rows evenly, some of which have far more states
  // that are not zero than others. Wide rows come by the hundred, because every block reads the hidden
  // statistics of the whole batch. Packing wants a multiple of 16; of those from half of that on, the one
  // that two threads share most evenly.
  const std::size_t fits =
      cols >= 1024 ? 96 : std::max<std::size_t>(16, 32768 / std::max<std::size_t>(cols, 1) / 16 * 16);
  std::size_t best = fits;
  for (std::size_t step = fits; step >= std::max<std::size_t>(16, fits / 2); step -= 16)
    if (larger_half(rows, step) < larger_half(rows, best)) best = step;
  return std::min(rows, best);
}

}  // namespace harmonium
