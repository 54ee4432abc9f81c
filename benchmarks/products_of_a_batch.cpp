// T(products): how long the dense products of one CD-1 batch take by themselves, each by several libraries.
//
//   products_of_a_batch --shape VxHxB [--threads N] [--rounds N] [--ones FRACTION] [--milliseconds N]
//
// A batch of B cases has five products' worth of work, 2 B V H operations each: up, down, up again, and the
// gradient, which is one product over the 2 B rows of both phases. Up and down are cut between the threads by
// rows of the batch, the gradient by rows of the weights; every thread calls its library for itself, with the
// library's own threads switched off. What is not timed: packing, conversions, and all that is not a product.
//
// Prints one JSON object: the median seconds of each product by each contender, and for each precision the
// sum over a batch of the fastest ones. The bf16 sum may take an f32 product where that is faster.
#include <dlfcn.h>

#include <algorithm>
#include <atomic>
#include <barrier>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <iostream>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "harmonium/base/matrix.h"
#include "harmonium/kernels/isa.h"
#include "harmonium/kernels/packed_weights.h"
#include "harmonium/kernels/precision.h"
#include "harmonium/kernels/products.h"

#ifdef HARMONIUM_ONEDNN
#include <omp.h>
#include <oneapi/dnnl/dnnl.hpp>
#endif

namespace {

using Json = nlohmann::ordered_json;
using Matrix = harmonium::Matrix<float>;

struct Options {
  std::size_t visible = 784, hidden = 500, batch = 100;
  unsigned threads = 1;
  int rounds = 5;
  float ones = 0.19f;     // of the states: what of MNIST's pixels is not zero; some kernels skip zeros
  double seconds = 0.05;  // a measurement of one contender in one round lasts about so long
};

/// C = op(A) B with C of M x N. A is M x K, or K x M where it is turned over (the gradient's statistics).
struct Product {
  std::string name;
  int times_a_batch;
  const Matrix* a;
  bool turn_a;
  const Matrix* b;
  Matrix* c;

  std::size_t m() const { return c->rows(); }
  std::size_t n() const { return c->cols(); }
  std::size_t k() const { return b->rows(); }
};

/// The rows [first, first + count) of C that one thread computes.
struct Rows {
  std::size_t first, count;
};

Rows rows_of_thread(std::size_t rows, unsigned thread, unsigned threads) {
  const std::size_t first = rows * thread / threads;
  return {first, rows * (thread + 1) / threads - first};
}

/// `run` computes the thread's rows of C; `fetch` copies them into C where they are kept elsewhere. An empty
/// `run` says that this contender cannot.
struct Prepared {
  std::function<void()> run;
  std::function<void()> fetch = [] {};
};
/// Something that can compute a product. `prepare` is called in the thread that will call what it returns,
/// and packs and converts beforehand.
struct Contender {
  std::string name;
  bool bf16;
  std::function<Prepared(const Product&, Rows)> prepare;
};

/// What the threads of one contender share, by product, as they would share the weights.
template <class T>
class Shared {
 public:
  /// The one that is kept under `name` if it `fits`, else a new one.
  T get(const std::string& name, const std::function<bool(const T&)>& fits, const std::function<T()>& make) {
    const std::lock_guard hold(mutex_);
    const auto found = kept_.find(name);
    if (found != kept_.end() && fits(found->second)) return found->second;
    return kept_.insert_or_assign(name, make()).first->second;
  }

 private:
  std::mutex mutex_;
  std::map<std::string, T> kept_;
};

// ---- harmonium: what training calls; a new kernel is one more line in `contenders`
// ---------------------------

harmonium::ConstMatrixView<float> part_of_a(const Product& p, Rows rows) {
  return p.turn_a
             ? harmonium::ConstMatrixView<float>(p.a->data() + rows.first, p.k(), rows.count, p.m())
             : harmonium::ConstMatrixView<float>(p.a->data() + rows.first * p.k(), rows.count, p.k(), p.k());
}

Prepared prepare_plain(const Product& p, Rows rows) {
  const harmonium::ConstMatrixView<float> a = part_of_a(p, rows);
  const harmonium::ConstMatrixView<float> b(p.b->data(), p.k(), p.n(), p.n());
  const harmonium::MatrixView<float> c(p.c->data() + rows.first * p.n(), rows.count, p.n(), p.n());
  const auto turn = p.turn_a ? harmonium::Transpose::kYes : harmonium::Transpose::kNo;
  return {[=] { harmonium::product(1.0f, a, turn, b, harmonium::Transpose::kNo, 0.0f, c); }};
}

/// Weights in panels, as training keeps them, multiplied by blocks of cases. Rows are converted to the words
/// of the panels within `run`, since that is part of the call.
using Panels = std::shared_ptr<const harmonium::PackedWeights>;

Prepared prepare_panels(harmonium::Precision precision, Shared<Panels>& shared, const Product& p, Rows rows) {
  const Panels panels = shared.get(
      p.name, [](const Panels&) { return true; },
      [&] { return std::make_shared<const harmonium::PackedWeights>(p.b->view(), precision); });
  const auto a = part_of_a(p, rows);
  const auto memory = std::make_shared<harmonium::ProductMemory>();
  const std::size_t block = harmonium::block_of_cases(p.m());
  const auto each = [=](const std::function<void(std::size_t, harmonium::MatrixView<float>)>& use) {
    for (std::size_t i = 0; i < a.rows(); i += block)
      use(i, panels->up(a.row_block(i, std::min(block, a.rows() - i)), 1.0f, 1.0f, *memory));
  };
  const harmonium::MatrixView<float> c(p.c->data() + rows.first * p.n(), rows.count, p.n());
  return {[=] { each([](std::size_t, harmonium::MatrixView<float>) {}); },
          [=] {
            each([&](std::size_t first, harmonium::MatrixView<float> block_of_c) {
              for (std::size_t i = 0; i < block_of_c.rows(); ++i)
                std::ranges::copy(block_of_c.row(i), c.row(first + i).begin());
            });
          }};
}

/// The gradient from a stack of statistics, by the blocks of weights that training updates.
using Stack = std::shared_ptr<const harmonium::StatisticsStack>;

Prepared prepare_stack(harmonium::Precision precision, Shared<Stack>& shared, const Product& p, Rows rows) {
  const Stack stack = shared.get(
      p.name, [](const Stack&) { return true; },
      [&] {
        auto made = std::make_shared<harmonium::StatisticsStack>();
        made->resize(harmonium::StatisticsStack::places(p.k(), precision), p.m(), p.n(), precision);
        made->store(0, p.a->view(), 1.0f, p.b->view(), std::vector<float>(p.k(), 1.0f));
        return Stack(made);
      });
  const auto memory = std::make_shared<harmonium::ProductMemory>();
  const std::size_t block = harmonium::block_of_weights(p.m(), p.n());
  const auto each = [=](const std::function<void(std::size_t, harmonium::MatrixView<float>)>& use) {
    for (std::size_t i = 0; i < rows.count; i += block)
      use(rows.first + i, stack->product(rows.first + i, std::min(block, rows.count - i), *memory));
  };
  harmonium::Matrix<float>* c = p.c;
  return {[=] { each([](std::size_t, harmonium::MatrixView<float>) {}); },
          [=] {
            each([&](std::size_t first, harmonium::MatrixView<float> block_of_c) {
              for (std::size_t i = 0; i < block_of_c.rows(); ++i)
                std::ranges::copy(block_of_c.row(i), c->row(first + i).begin());
            });
          }};
}

// ---- OpenBLAS
// ------------------------------------------------------------------------------------------------

/// Loaded at run time: a program that links two BLAS libraries gets the names of one of them only.
struct OpenBlas {
  using Gemm = void (*)(int order, int turn_a, int turn_b, int m, int n, int k, float alpha, const float* a,
                        int stride_a, const float* b, int stride_b, float beta, float* c, int stride_c);
  Gemm gemm = nullptr;
  std::string version;

  OpenBlas() {
    void* library = dlopen("libopenblas.so.0", RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) return;
    gemm = reinterpret_cast<Gemm>(dlsym(library, "cblas_sgemm"));
    if (const auto threads = reinterpret_cast<void (*)(int)>(dlsym(library, "openblas_set_num_threads")))
      threads(1);
    if (const auto config = reinterpret_cast<char* (*)()>(dlsym(library, "openblas_get_config")))
      version = config();
  }
};

Prepared prepare_openblas(const OpenBlas& blas, const Product& p, Rows rows) {
  constexpr int kRowMajor = 101, kNoTrans = 111, kTrans = 112;  // of cblas.h
  const auto a = part_of_a(p, rows);
  const auto gemm = blas.gemm;
  const int m = static_cast<int>(rows.count), n = static_cast<int>(p.n()), k = static_cast<int>(p.k());
  const int turn = p.turn_a ? kTrans : kNoTrans, stride_a = static_cast<int>(a.stride());
  float* c = p.c->data() + rows.first * p.n();
  const float* b = p.b->data();
  return {[=] { gemm(kRowMajor, turn, kNoTrans, m, n, k, 1.0f, a.data(), stride_a, b, n, 0.0f, c, n); }};
}

// ---- oneDNN
// --------------------------------------------------------------------------------------------------

#ifdef HARMONIUM_ONEDNN
using Tag = dnnl::memory::format_tag;
using Type = dnnl::memory::data_type;

dnnl::matmul::primitive_desc describe(const dnnl::memory::desc& a, const dnnl::memory::desc& b,
                                      const dnnl::memory::desc& c, const dnnl::engine& engine) {
  dnnl::primitive_attr own_scratchpad;
  own_scratchpad.set_scratchpad_mode(dnnl::scratchpad_mode::user);
#if DNNL_VERSION_MAJOR >= 3
  return {engine, a, b, c, own_scratchpad};
#else
  return {{a, b, c}, own_scratchpad, engine};
#endif
}

dnnl::memory converted(dnnl::memory from, const dnnl::memory::desc& to, dnnl::stream& stream) {
  dnnl::memory result(to, from.get_engine());
  dnnl::reorder(from, result).execute(stream, from, result);
  stream.wait();
  return result;
}

/// `packed` lets oneDNN choose the layouts of both inputs. Each thread has its own primitive and scratchpad.
Prepared prepare_onednn(bool packed, Type type, Shared<dnnl::memory>& shared, const Product& p, Rows rows) {
  try {
    omp_set_num_threads(1);
    static const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
    dnnl::stream stream(engine);
    const auto m = static_cast<dnnl_dim_t>(rows.count), n = static_cast<dnnl_dim_t>(p.n()),
               k = static_cast<dnnl_dim_t>(p.k());
    const auto view = part_of_a(p, rows);
    const auto stride = static_cast<dnnl_dim_t>(view.stride());
    const dnnl::memory::dims strides =
        p.turn_a ? dnnl::memory::dims{1, stride} : dnnl::memory::dims{stride, 1};
    dnnl::memory a({{m, k}, Type::f32, strides}, engine, const_cast<float*>(view.data()));
    dnnl::memory b({{k, n}, Type::f32, Tag::ab}, engine, const_cast<float*>(p.b->data()));
    dnnl::memory c({{m, n}, Type::f32, Tag::ab}, engine, p.c->data() + rows.first * p.n());
    const dnnl::memory::desc wanted_a =
        packed ? dnnl::memory::desc({m, k}, type, Tag::any) : dnnl::memory::desc({m, k}, type, strides);
    const dnnl::memory::desc wanted_b({k, n}, type, packed ? Tag::any : Tag::ab);
    const auto description = describe(wanted_a, wanted_b, c.get_desc(), engine);
    if (packed || type != Type::f32) {
      // Of a strided layout that has gaps, memory is taken for the whole: only its rows are written.
      a = converted(a, description.src_desc(), stream);
      const dnnl::memory whole = b;
      const auto layout = description.weights_desc();
      b = shared.get(
          p.name, [&](const dnnl::memory& kept) { return kept.get_desc() == layout; },
          [&] { return converted(whole, layout, stream); });
    }
    dnnl::memory scratchpad(description.scratchpad_desc(), engine);
    dnnl::matmul primitive(description);
    return {[=]() mutable {
      primitive.execute(
          stream,
          {{DNNL_ARG_SRC, a}, {DNNL_ARG_WEIGHTS, b}, {DNNL_ARG_DST, c}, {DNNL_ARG_SCRATCHPAD, scratchpad}});
    }};
  } catch (const dnnl::error&) {
    return {};  // not on this processor
  }
}
#endif

std::vector<Contender> contenders() {
  std::vector<Contender> all{{"harmonium plain f32", false, prepare_plain}};
  for (const auto precision : {harmonium::Precision::kF32, harmonium::Precision::kBf16}) {
    const bool bf16 = precision == harmonium::Precision::kBf16;
    if (bf16 && !harmonium::has_bf16_products()) continue;
    const auto panels = std::make_shared<Shared<Panels>>();
    const auto stacks = std::make_shared<Shared<Stack>>();
    all.push_back({"harmonium packed " + std::string(harmonium::precision_name(precision)), bf16,
                   [=](const Product& p, Rows rows) {
                     return p.turn_a ? prepare_stack(precision, *stacks, p, rows)
                                     : prepare_panels(precision, *panels, p, rows);
                   }});
  }
#ifdef HARMONIUM_ONEDNN
  for (const bool bf16 : {false, true}) {
    for (const bool packed : {false, true}) {
      const auto shared = std::make_shared<Shared<dnnl::memory>>();
      const Type type = bf16 ? Type::bf16 : Type::f32;
      all.push_back(
          {std::string("oneDNN ") + (packed ? "packed " : "plain ") + (bf16 ? "bf16" : "f32"), bf16,
           [=](const Product& p, Rows rows) { return prepare_onednn(packed, type, *shared, p, rows); }});
    }
  }
#endif
  static const OpenBlas blas;
  if (blas.gemm != nullptr) {
    all.push_back(
        {"OpenBLAS f32", false, [](const Product& p, Rows rows) { return prepare_openblas(blas, p, rows); }});
  }
  return all;
}

// ---- measuring
// -----------------------------------------------------------------------------------------------

/// Wall seconds of one product when every thread computes its rows `repeats` times; negative where a
/// contender cannot. The threads meet before and after all repeats, so that meetings do not count.
double time_product(const Contender& contender, const Product& product, unsigned threads, int repeats) {
  using Clock = std::chrono::steady_clock;
  std::atomic<bool> able = true;
  Clock::time_point begin, end;
  int meetings = 0;
  std::barrier meeting(static_cast<std::ptrdiff_t>(threads),
                       [&]() noexcept { (meetings++ == 0 ? begin : end) = Clock::now(); });
  const auto work = [&](unsigned thread) {
    const Prepared part = contender.prepare(product, rows_of_thread(product.m(), thread, threads));
    if (part.run) {
      part.run();
    } else {
      able = false;
    }
    meeting.arrive_and_wait();
    if (able) {
      for (int i = 0; i < repeats; ++i) part.run();
    }
    meeting.arrive_and_wait();
    if (part.run) part.fetch();
  };
  {
    std::vector<std::jthread> team;
    for (unsigned thread = 1; thread < threads; ++thread) team.emplace_back(work, thread);
    work(0);
  }
  return able ? std::chrono::duration<double>(end - begin).count() / repeats : -1.0;
}

/// Compares some entries of C with sums in 64 bits, so that no wrong product is called fast.
void check_result(const Contender& contender, const Product& p) {
  const double relative = contender.bf16 ? 1.0 / 128 : 1e-5;
  for (std::size_t i = 0; i < p.m(); i += std::max<std::size_t>(1, p.m() / 13)) {
    for (std::size_t j = 0; j < p.n(); j += std::max<std::size_t>(1, p.n() / 11)) {
      double sum = 0, size = 0;
      for (std::size_t l = 0; l < p.k(); ++l) {
        const double term = static_cast<double>(p.turn_a ? (*p.a)(l, i) : (*p.a)(i, l)) * (*p.b)(l, j);
        sum += term, size += std::abs(term);
      }
      if (!(std::abs((*p.c)(i, j) - sum) <= relative * size))
        throw std::runtime_error(contender.name + " computes a wrong \"" + p.name + "\"");
    }
  }
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : 0.5 * (values[half - 1] + values[half]);
}

/// Median seconds of each contender, which take turns.
std::map<std::string, double> time_all(const std::vector<Contender>& all, const Product& product,
                                       const Options& options) {
  std::map<std::string, int> repeats;
  std::map<std::string, std::vector<double>> seconds;
  for (int round = -1; round < options.rounds; ++round) {  // round -1 finds the number of repeats
    for (const Contender& contender : all) {
      if (round >= 0 && !repeats.contains(contender.name)) continue;
      const double once =
          time_product(contender, product, options.threads, round < 0 ? 1 : repeats.at(contender.name));
      if (once < 0) continue;
      if (round < 0) {
        check_result(contender, product);
        repeats[contender.name] =
            static_cast<int>(std::clamp(options.seconds / std::max(once, 1e-7), 1.0, 1e6));
      } else {
        seconds[contender.name].push_back(once);
      }
    }
  }
  std::map<std::string, double> medians;
  for (auto& [name, values] : seconds) medians[name] = median(values);
  return medians;
}

// ---- the batch
// -----------------------------------------------------------------------------------------------

enum class Values { kStates, kMeans, kWeights };

/// Binary states of which a fraction `ones` is 1, means in [0, 1), or weights about 0.
Matrix filled(std::size_t rows, std::size_t cols, Values kind, float ones) {
  Matrix matrix(rows, cols);
  std::mt19937 random(1);
  for (float& value : matrix.values()) {
    const float uniform = static_cast<float>(random() >> 8) * 0x1p-24f;
    value = kind == Values::kStates  ? static_cast<float>(uniform < ones)
            : kind == Values::kMeans ? uniform
                                     : 0.1f * (uniform - 0.5f);
  }
  return matrix;
}

/// The products of one batch: weights are V x H, their transpose is a matrix of its own, as trainers keep it.
class Batch {
 public:
  explicit Batch(const Options& o)
      : visible_(filled(o.batch, o.visible, Values::kStates, o.ones)),
        hidden_(filled(o.batch, o.hidden, Values::kStates, o.ones)),
        weights_(filled(o.visible, o.hidden, Values::kWeights, o.ones)),
        turned_(filled(o.hidden, o.visible, Values::kWeights, o.ones)),
        both_visible_(filled(2 * o.batch, o.visible, Values::kStates, o.ones)),
        both_hidden_(filled(2 * o.batch, o.hidden, Values::kMeans, o.ones)),
        up_(o.batch, o.hidden),
        down_(o.batch, o.visible),
        gradient_(o.visible, o.hidden) {}

  std::vector<Product> products() {
    return {{"up", 2, &visible_, false, &weights_, &up_},
            {"down", 1, &hidden_, false, &turned_, &down_},
            {"gradient", 1, &both_visible_, true, &both_hidden_, &gradient_}};
  }

 private:
  Matrix visible_, hidden_, weights_, turned_, both_visible_, both_hidden_, up_, down_, gradient_;
};

Options parse(int count, char** words) {
  Options options;
  for (int i = 1; i < count; ++i) {
    const std::string word = words[i];
    if (i + 1 == count) throw std::invalid_argument(word + " needs a value");
    const std::string value = words[++i];
    if (word == "--shape") {
      std::size_t v = 0, h = 0, b = 0;
      char rest = 0;
      if (std::sscanf(value.c_str(), "%zux%zux%zu%c", &v, &h, &b, &rest) != 3 || v * h * b == 0)
        throw std::invalid_argument("--shape is VxHxB, as in 784x500x100, not \"" + value + "\"");
      options.visible = v, options.hidden = h, options.batch = b;
    } else if (word == "--threads") {
      options.threads = static_cast<unsigned>(std::clamp(std::stoi(value), 1, 1024));
    } else if (word == "--rounds") {
      options.rounds = std::max(1, std::stoi(value));
    } else if (word == "--ones") {
      options.ones = std::clamp(std::stof(value), 0.0f, 1.0f);
    } else if (word == "--milliseconds") {
      options.seconds = 1e-3 * std::max(1, std::stoi(value));
    } else {
      throw std::invalid_argument("unknown option " + word +
                                  "; options are --shape --threads --rounds --ones --milliseconds");
    }
  }
  if (options.threads > options.batch) throw std::invalid_argument("more threads than cases in a batch");
  return options;
}

/// The fastest of `seconds` among f32 contenders, or among all.
std::pair<std::string, double> fastest(const std::vector<Contender>& all,
                                       const std::map<std::string, double>& seconds, bool with_bf16) {
  std::pair<std::string, double> best{"", std::numeric_limits<double>::infinity()};
  for (const Contender& contender : all) {
    const auto found = seconds.find(contender.name);
    if (found != seconds.end() && (with_bf16 || !contender.bf16) && found->second < best.second)
      best = *found;
  }
  return best;
}

Json measure(const Options& options) {
  const auto all = contenders();
  Batch batch(options);
  Json result{{"shape", {options.visible, options.hidden, options.batch}},
              {"threads", options.threads},
              {"ones", std::round(1e4 * options.ones) / 1e4}};
  result["ours"] = harmonium::products_library();
  result["products"] = Json::array();
  double f32 = 0, bf16 = 0;
  for (const Product& product : batch.products()) {
    const auto seconds = time_all(all, product, options);
    const double operations = 2.0 * static_cast<double>(product.m() * product.n() * product.k());
    const auto best_f32 = fastest(all, seconds, false), best = fastest(all, seconds, true);
    result["products"].push_back({{"product", product.name},
                                  {"times_a_batch", product.times_a_batch},
                                  {"seconds", seconds},
                                  {"fastest_f32", best_f32.first},
                                  {"fastest_bf16", best.first},
                                  {"gflops_f32", 1e-9 * operations / best_f32.second},
                                  {"gflops_bf16", 1e-9 * operations / best.second}});
    f32 += product.times_a_batch * best_f32.second, bf16 += product.times_a_batch * best.second;
  }
  result["seconds_a_batch"] = {{"f32", f32}, {"bf16", bf16}};
  return result;
}

}  // namespace

int main(int count, char** words) {
  try {
    harmonium::cap_instruction_set_from_environment();
    std::cout << measure(parse(count, words)).dump() << "\n";
    return 0;
  } catch (const std::invalid_argument& error) {
    std::cerr << "products_of_a_batch: " << error.what() << "\n";
    return 2;
  } catch (const std::exception& error) {
    std::cerr << "products_of_a_batch: " << error.what() << "\n";
    return 1;
  }
}
