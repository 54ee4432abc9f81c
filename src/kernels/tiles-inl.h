// The kernels of tiles.h, written once for every vector type.
//
// `L` describes a vector: its type V, kLanes, kAccumulators (16 or 24: how many vectors of sums the registers
// hold beside the operands), load, load_floats, store, zero, scale, and
//   fma(word, b, sum):  sum + word . b  for a word given in memory,
//   either(a, b):  the bits of both,
//   prefetch(word):  asks for its line of memory,
//   append_nonzero(v, first, list):  the numbers of v's lanes that are not zero, from `first` on, and their
//   count; writes a whole vector.
// Included by tiles.cpp for each of Highway's targets and by tiles_bf16.cpp.
#if defined(HARMONIUM_KERNELS_TILES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HARMONIUM_KERNELS_TILES_INL_H_
#undef HARMONIUM_KERNELS_TILES_INL_H_
#else
#define HARMONIUM_KERNELS_TILES_INL_H_
#endif

// Keeps one address in one register: else every vector of the row gets an address of its own, more than there
// are registers.
#undef HARMONIUM_OPAQUE
#define HARMONIUM_OPAQUE(pointer) asm("" : "+r"(pointer))

/// Which part of the sum a call makes.
struct TilePart {
  std::size_t words;
  bool first, last;
};

// The loops around the sums are plain enough to be unrolled whole: else the sums would live in memory.
template <class L, int M, int V>
HARMONIUM_TILE_INLINE void begin_sums(bool first, const float* c, std::size_t stride,
                                      typename L::V (&sum)[M][V]) {
  for (int m = 0; m < M; ++m)
    for (int v = 0; v < V; ++v) sum[m][v] = L::zero();
  if (first) return;
  for (int m = 0; m < M; ++m)
    for (int v = 0; v < V; ++v) sum[m][v] = L::load_floats(c + m * stride + v * L::kLanes);
}

template <class L, int M, int V>
HARMONIUM_TILE_INLINE void end_sums(float alpha, typename L::V (&sum)[M][V], float* c, std::size_t stride) {
  if (alpha != 1.0f)
    for (int m = 0; m < M; ++m)
      for (int v = 0; v < V; ++v) sum[m][v] = L::scale(sum[m][v], alpha);
  for (int m = 0; m < M; ++m)
    for (int v = 0; v < V; ++v) L::store(sum[m][v], c + m * stride + v * L::kLanes);
}

/// M rows by V vectors: every sum in a register, every vector of weights read once for M rows.
template <class L, int M, int V>
HARMONIUM_TILE_INLINE void tile(const TileProduct& p, const std::uint32_t* a, const std::uint32_t* b,
                                float* c, const TilePart& part) {
  typename L::V sum[M][V];
  begin_sums<L, M, V>(part.first, c, p.c_stride, sum);
  const std::size_t width = p.layout.width();
  for (std::size_t k = 0; k < part.words; ++k, a += p.a_word, b += width) {
    typename L::V weights[V];
    for (int v = 0; v < V; ++v) weights[v] = L::load(b + v * L::kLanes);
    for (int m = 0; m < M; ++m)
      for (int v = 0; v < V; ++v) sum[m][v] = L::fma(a[m * p.a_row], weights[v], sum[m][v]);
  }
  end_sums<L, M, V>(part.last ? p.alpha : 1.0f, sum, c, p.c_stride);
}

/// Words of the part that are not zero in all of M rows, into `list`; returns how many.
template <class L, int M>
HARMONIUM_TILE_INLINE std::size_t list_words(const TileProduct& p, const std::uint32_t* a, std::size_t words,
                                             std::uint32_t* list) {
  std::size_t n = 0, k = 0;
  if (p.a_word == 1)
    for (; k + L::kLanes <= words; k += L::kLanes) {
      typename L::V any = L::load(a + k);
      for (int m = 1; m < M; ++m) any = L::either(any, L::load(a + m * p.a_row + k));
      n += L::append_nonzero(any, k, list + n);
    }
  for (; k < words; ++k) {
    const std::uint32_t* word = a + static_cast<std::ptrdiff_t>(k) * p.a_word;
    std::uint32_t any = 0;
    for (int m = 0; m < M; ++m) any |= word[p.a_word == 1 ? m * p.a_row : m];
    list[n] = static_cast<std::uint32_t>(k);
    n += any != 0;
  }
  return n;
}

/// The same sums as those of `tile`, over the words that are not zero in all of the rows.
template <class L, int M, int V>
HARMONIUM_TILE_INLINE void listed_tile(const TileProduct& p, const std::uint32_t* a, const std::uint32_t* b,
                                       float* c, const TilePart& part) {
  std::uint32_t list[kDenseWords + L::kLanes];
  const std::size_t count = list_words<L, M>(p, a, part.words, list);
  typename L::V sum[M][V];
  begin_sums<L, M, V>(part.first, c, p.c_stride, sum);
  const std::size_t width = p.layout.width();
  for (std::size_t t = 0; t < count; ++t) {
    const std::uint32_t* words = a + static_cast<std::ptrdiff_t>(list[t]) * p.a_word;
    typename L::V weights[V];
    for (int v = 0; v < V; ++v) weights[v] = L::load(b + list[t] * width + v * L::kLanes);
    for (int m = 0; m < M; ++m)
      for (int v = 0; v < V; ++v) sum[m][v] = L::fma(words[m * p.a_row], weights[v], sum[m][v]);
  }
  end_sums<L, M, V>(part.last ? p.alpha : 1.0f, sum, c, p.c_stride);
}

/// Tiles of M rows from row `r` on, while there are as many.
template <class L, bool kListed, int M, int V>
HARMONIUM_TILE_INLINE std::size_t tile_rows(const TileProduct& p, const std::uint32_t* a,
                                            const std::uint32_t* b, float* c, const TilePart& part,
                                            std::size_t r) {
  for (; r + M <= p.rows; r += M) {
    const std::uint32_t* rows = a + static_cast<std::ptrdiff_t>(r) * p.a_row;
    if constexpr (kListed)
      listed_tile<L, M, V>(p, rows, b, c + r * p.c_stride, part);
    else
      tile<L, M, V>(p, rows, b, c + r * p.c_stride, part);
  }
  return r;
}

/// All rows by V vectors. `kListed`: these are all the vectors that there are, so few that a look at what is
/// zero pays for many rows at once, though not for one.
template <class L, bool kListed, int V>
HARMONIUM_TILE_INLINE void tile_column(const TileProduct& p, const std::uint32_t* a, const std::uint32_t* b,
                                       float* c, const TilePart& part) {
  constexpr int kMost = V == 1 ? 12 : L::kAccumulators / V;
  std::size_t r = tile_rows<L, kListed, kMost, V>(p, a, b, c, part, 0);
  // Batches of 10 are what small models are often learned with.
  if constexpr (kListed && kMost > 10) r = tile_rows<L, kListed, 10, V>(p, a, b, c, part, r);
  if constexpr (kListed && kMost > 6) r = tile_rows<L, kListed, 6, V>(p, a, b, c, part, r);
  if constexpr (kMost > 4) r = tile_rows<L, kListed, 4, V>(p, a, b, c, part, r);
  r = tile_rows<L, kListed, 2, V>(p, a, b, c, part, r);
  tile_rows<L, kListed, 1, V>(p, a, b, c, part, r);
}

template <class L>
HARMONIUM_TILE_INLINE void dense_product(const TileProduct& p) {
  constexpr std::size_t kWidest = L::kAccumulators / 6;
  static_assert(kWidest >= kNarrowVectors, "rows_may_touch: narrow rows are stored in one go");
  const std::size_t words = p.layout.words;
  for (std::size_t panel = 0; panel < p.layout.panels; ++panel) {
    const std::size_t vectors = p.layout.vectors_of(panel);
    const std::size_t parts = (vectors + kWidest - 1) / kWidest;
    for (std::size_t k = 0; k < words; k += kDenseWords) {
      const std::size_t count = words - k < kDenseWords ? words - k : kDenseWords;
      const TilePart part{count, k == 0, k + count == words};
      const std::uint32_t* a = p.a + static_cast<std::ptrdiff_t>(k) * p.a_word;
      for (std::size_t s = 0, v = 0; s < parts; ++s) {
        const std::size_t n = (vectors - v + parts - s - 1) / (parts - s);
        const std::uint32_t* b = p.b + panel * p.layout.panel_stride() + k * p.layout.width() + v * L::kLanes;
        float* c = p.c + panel * p.layout.width() + v * L::kLanes;
        if (p.layout.vectors <= kNarrowVectors) {
          if (n == 1) tile_column<L, true, 1>(p, a, b, c, part);
          if (n == 2) tile_column<L, true, 2>(p, a, b, c, part);
          continue;
        }
        if (n == 1) tile_column<L, false, 1>(p, a, b, c, part);
        if (n == 2) tile_column<L, false, 2>(p, a, b, c, part);
        if constexpr (kWidest > 2) {
          if (n == 3) tile_column<L, false, 3>(p, a, b, c, part);
          if (n == 4) tile_column<L, false, 4>(p, a, b, c, part);
        }
        v += n;
      }
    }
  }
}

/// One row by a panel of S vectors, over the words listed.
template <class L, int S>
HARMONIUM_TILE_INLINE void skipping_row(const TileProduct& p, const std::uint32_t* a, const std::uint32_t* b,
                                        float* c, const std::uint16_t* index, std::size_t count, bool first,
                                        bool last) {
  typename L::V sum[S];
  for (int v = 0; v < S; ++v) sum[v] = first ? L::zero() : L::load_floats(c + v * L::kLanes);
  const std::size_t width = p.layout.width();
  const std::ptrdiff_t a_word = p.a_word;
  for (std::size_t t = 0; t < count; ++t) {
    const std::size_t k = index[t];
    const std::uint32_t* weights = b + k * width;
    HARMONIUM_OPAQUE(weights);
    for (int v = 0; v < S; ++v)
      sum[v] = L::fma(a[static_cast<std::ptrdiff_t>(k) * a_word], L::load(weights + v * L::kLanes), sum[v]);
  }
  for (int v = 0; v < S; ++v)
    L::store(last && p.alpha != 1.0f ? L::scale(sum[v], p.alpha) : sum[v], c + v * L::kLanes);
}

/// Blocks of words lie one after the other in a panel, and panels too: while rows pick from one block, the
/// next comes from the outer caches, a few lines with each row.
template <class L, int S>
HARMONIUM_TILE_INLINE void skipping_panel(const TileProduct& p, const NonZeroWords& lists,
                                          std::size_t panel) {
  constexpr std::size_t kLineWords = 16;
  for (std::size_t block = 0; block < lists.blocks; ++block) {
    const std::size_t k = block * lists.block;
    const std::uint32_t* b = p.b + panel * p.layout.panel_stride() + k * p.layout.width();
    const std::uint32_t* a = p.a + static_cast<std::ptrdiff_t>(k) * p.a_word;
    const std::uint32_t* next = b + std::min(lists.block, p.layout.words - k) * p.layout.width();
    const std::size_t left = static_cast<std::size_t>(p.b + p.layout.size() - next);
    const std::size_t block_words = std::min(left, lists.block * p.layout.width());
    const std::size_t ahead = (block_words / kLineWords + p.rows - 1) / p.rows * kLineWords;
    for (std::size_t r = 0; r < p.rows; ++r) {
      for (std::size_t w = r * ahead; w < (r + 1) * ahead && w < block_words; w += kLineWords)
        L::prefetch(next + w);
      const std::uint32_t* start = lists.start.data() + r * lists.blocks + block;
      skipping_row<L, S>(p, a + static_cast<std::ptrdiff_t>(r) * p.a_row, b,
                         p.c + r * p.c_stride + panel * p.layout.width(), lists.index.data() + start[0],
                         start[1] - start[0], block == 0, block + 1 == lists.blocks);
    }
  }
}

template <class L>
HARMONIUM_TILE_INLINE void skipping_product(const TileProduct& p, const NonZeroWords& lists) {
  for (std::size_t panel = 0; panel < p.layout.panels; ++panel) {
    switch (p.layout.vectors_of(panel)) {
      case 1:
        skipping_panel<L, 1>(p, lists, panel);
        break;
      case 2:
        skipping_panel<L, 2>(p, lists, panel);
        break;
      case 3:
        skipping_panel<L, 3>(p, lists, panel);
        break;
      case 4:
        skipping_panel<L, 4>(p, lists, panel);
        break;
      case 5:
        skipping_panel<L, 5>(p, lists, panel);
        break;
      case 6:
        skipping_panel<L, 6>(p, lists, panel);
        break;
      case 7:
        skipping_panel<L, 7>(p, lists, panel);
        break;
      default:
        skipping_panel<L, 8>(p, lists, panel);
        break;
    }
  }
}

#endif  // HARMONIUM_KERNELS_TILES_INL_H_
