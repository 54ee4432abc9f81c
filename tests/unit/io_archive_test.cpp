// .npz archives made by hand, and damage to every binary format of arrays.
#include <zlib.h>

#include "harmonium/io/idx.h"
#include "harmonium/io/npy.h"
#include "io/byte_source.h"
#include "unit/io_files.h"

namespace harmonium {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

class ArchiveFilesTest : public IoTest {};

std::string npy_f4(const std::vector<float>& values) {
  std::string text =
      "{'descr': '<f4', 'fortran_order': False, 'shape': (" + std::to_string(values.size()) + ",), }\n";
  std::string bytes =
      std::string("\x93NUMPY\1\0", 8) + little(static_cast<std::uint16_t>(text.size())) + text;
  for (const float v : values) bytes += little(v);
  return bytes;
}

std::string deflated(const std::string& bytes) {
  const auto gz = gzip_bytes(std::as_bytes(std::span(bytes)));  // 10 bytes of head, 8 of tail
  return {reinterpret_cast<const char*>(gz.data()) + 10, gz.size() - 18};
}

struct Member {
  std::string name, bytes;
  bool packed = false;
  std::uint32_t claimed_size = 0;  // 0: the true one
};

// A zip archive as APPNOTE.TXT of PKWARE describes it: members, directory, end.
std::string zip(const std::vector<Member>& members) {
  std::string file, directory;
  for (const Member& m : members) {
    const std::string stored = m.packed ? deflated(m.bytes) : m.bytes;
    const auto crc =
        ::crc32(0, reinterpret_cast<const Bytef*>(m.bytes.data()), static_cast<uInt>(m.bytes.size()));
    const std::string common =
        little<std::uint16_t>(20) + little<std::uint16_t>(0) + little<std::uint16_t>(m.packed ? 8 : 0) +
        little<std::uint32_t>(0x00210000) + little(static_cast<std::uint32_t>(crc)) +
        little(static_cast<std::uint32_t>(stored.size())) +
        little(m.claimed_size ? m.claimed_size : static_cast<std::uint32_t>(m.bytes.size())) +
        little(static_cast<std::uint16_t>(m.name.size())) + little<std::uint16_t>(0);
    directory += "PK\1\2" + little<std::uint16_t>(20) + common + std::string(10, '\0') +
                 little(static_cast<std::uint32_t>(file.size())) + m.name;
    file += "PK\3\4" + common + m.name + stored;
  }
  const auto count = little(static_cast<std::uint16_t>(members.size()));
  return file + directory + "PK\5\6" + std::string(4, '\0') + count + count +
         little(static_cast<std::uint32_t>(directory.size())) +
         little(static_cast<std::uint32_t>(file.size())) + std::string(2, '\0');
}

TEST_F(ArchiveFilesTest, ReadsStoredAndPackedArrays) {
  put("a.npz", zip({{"w.npy", npy_f4({1, 2})},
                    {"readme.txt", "text"},
                    {"b.npy", npy_f4(std::vector<float>(5000, 3.0f)), true}}));
  EXPECT_THAT(npz_names(path("a.npz")), ElementsAre("w", "b"));
  EXPECT_THAT(read_npz(path("a.npz"), "w").values<float>(), ElementsAre(1, 2));
  const auto all = read_npz(path("a.npz"));
  EXPECT_EQ(all.size(), 2u);
  EXPECT_THAT(all.at("b").shape, ElementsAre(5000));
  EXPECT_EQ(all.at("b").value(4999), 3.0);
  put("none.npz", zip({}));
  EXPECT_TRUE(npz_names(path("none.npz")).empty());
}

TEST_F(ArchiveFilesTest, NamesTheArraysWhereOneIsMissing) {
  put("a.npz", zip({{"weights.npy", npy_f4({1})}, {"bias.npy", npy_f4({2})}}));
  EXPECT_THAT(input_error([&] { read_npz(path("a.npz"), "weihgts"); }),
              AllOf(HasSubstr("a.npz"), HasSubstr("weihgts"), HasSubstr("weights, bias"),
                    HasSubstr("did you mean 'weights'?")));
  put("twice.npz", zip({{"w.npy", npy_f4({1})}, {"w.npy", npy_f4({2})}}));
  EXPECT_THAT(input_error([&] { read_npz(path("twice.npz")); }),
              AllOf(HasSubstr("twice.npz"), HasSubstr("twice")));
}

TEST_F(ArchiveFilesTest, RefusesWhatIsNotAnArchive) {
  put("a.npz", "no zip at all");
  EXPECT_THAT(input_error([&] { npz_names(path("a.npz")); }),
              AllOf(HasSubstr("a.npz"), HasSubstr("archive")));
  EXPECT_THAT(input_error([&] { read_npz(path("b.npz")); }),
              AllOf(HasSubstr("b.npz"), HasSubstr("did you mean 'a.npz'?")));
  EXPECT_THAT(input_error([&] { read_npz(folder_); }), HasSubstr("folder"));
  put("x.npz", zip({{"x.npy", "not an array"}}));
  EXPECT_THAT(input_error([&] { read_npz(path("x.npz")); }), AllOf(HasSubstr("x.npz"), HasSubstr(".npy")));
  std::string flipped = zip({{"x.npy", npy_f4({1, 2})}});
  flipped[flipped.find("\n") + 2] ^= 1;  // a value: only the checksum tells
  put("x.npz", flipped);
  EXPECT_THAT(input_error([&] { read_npz(path("x.npz")); }), AllOf(HasSubstr("x.npz"), HasSubstr("damaged")));
}

TEST_F(ArchiveFilesTest, DoesNotBelieveTheDirectory) {
  const MemoryLimit limit;
  const std::string huge = "{'descr': '<f4', 'fortran_order': False, 'shape': (1073741820,), }\n";
  const std::string bytes = std::string("\x93NUMPY\1\0", 8) +
                            little(static_cast<std::uint16_t>(huge.size())) + huge + std::string(64, 'x');
  put("a.npz", zip({{"x.npy", bytes, true, 0xFFFFFF00u}}));
  EXPECT_THAT(input_error([&] { read_npz(path("a.npz")); }), HasSubstr("a.npz"));
}

TEST_F(ArchiveFilesTest, SurvivesDamage) {
  const std::string whole = zip({{"w.npy", npy_f4({1, 2})}, {"b.npy", npy_f4({3, 4, 5}), true}});
  const auto read = [&] { read_npz(path("a.npz")); };
  EXPECT_THAT(readable_prefixes(path("a.npz"), whole, read), ElementsAre(whole.size()));
  EXPECT_GT(refused_of_damaged(path("a.npz"), whole, 3000, read), 2000u);
}

TEST_F(ArchiveFilesTest, NpySurvivesDamage) {
  const std::string whole = npy_f4({1, 2, 3});
  const auto read = [&] { read_npy(path("a.npy")); };
  EXPECT_THAT(readable_prefixes(path("a.npy"), whole, read), ElementsAre(whole.size()));
  EXPECT_GT(refused_of_damaged(path("a.npy"), whole, 4000, read), 2000u);
  const std::string fortran = "{'descr': '>f8', 'fortran_order': True, 'shape': (2, 2), }";
  const std::string other = std::string("\x93NUMPY\2\0", 8) +
                            little(static_cast<std::uint32_t>(fortran.size())) + fortran +
                            std::string(32, 'v');
  EXPECT_THAT(readable_prefixes(path("a.npy"), other, read), ElementsAre(other.size()));
  EXPECT_GT(refused_of_damaged(path("a.npy"), other, 4000, read), 2000u);
}

TEST_F(ArchiveFilesTest, IdxSurvivesDamage) {
  const std::string whole = std::string("\0\0\x0D\2\0\0\0\2\0\0\0\1", 12) + big(1.5f) + big(2.5f);
  const auto read = [&] { read_idx(path("a")); };
  EXPECT_THAT(readable_prefixes(path("a"), whole, read), ElementsAre(whole.size()));
  EXPECT_GT(refused_of_damaged(path("a"), whole, 4000, read), 2000u);
  const auto gz = gzip_bytes(std::as_bytes(std::span(whole)));
  const std::string packed(reinterpret_cast<const char*>(gz.data()), gz.size());
  EXPECT_THAT(readable_prefixes(path("a"), packed, read), ElementsAre(packed.size()));
  EXPECT_GT(refused_of_damaged(path("a"), packed, 4000, read), 2000u);
}

}  // namespace
}  // namespace harmonium
