#include "harmonium/io/npy.h"

#include <zip.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>
#include <string_view>

#include "harmonium/base/error.h"
#include "harmonium/io/atomic_file.h"
#include "harmonium/io/suggest.h"
#include "io/byte_source.h"
#include "io/bytes.h"

namespace harmonium {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr std::size_t kLongestHeader = 1 << 20;

struct TypeRow {
  std::string_view code;
  ElementType type;
};
constexpr std::array<TypeRow, 9> kTypes = {{{"u1", ElementType::kU8},
                                            {"b1", ElementType::kU8},
                                            {"i1", ElementType::kI8},
                                            {"u2", ElementType::kU16},
                                            {"i2", ElementType::kI16},
                                            {"i4", ElementType::kI32},
                                            {"i8", ElementType::kI64},
                                            {"f4", ElementType::kF32},
                                            {"f8", ElementType::kF64}}};

// What stands behind 'KEY': in the header, a Python dictionary such as
// {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }
std::string_view value_of(std::string_view header, std::string_view key, const std::string& name) {
  const auto at = header.find("'" + std::string(key) + "'");
  const auto colon = at == std::string_view::npos ? at : header.find(':', at);
  if (colon == std::string_view::npos)
    throw InputError(name + ": its .npy header has no '" + std::string(key) + "'.");
  auto rest = header.substr(colon + 1);
  rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
  return rest;
}

struct Header {
  NumericArray array;  // type and shape
  bool big_endian = false, fortran = false;
};

std::vector<std::size_t> read_shape(std::string_view text, const std::string& name) {
  const auto refuse = [&] { throw InputError(name + ": the shape in its .npy header is damaged."); };
  if (text.empty() || text[0] != '(') refuse();
  text.remove_prefix(1);
  std::vector<std::size_t> shape;
  for (;;) {
    text.remove_prefix(std::min(text.find_first_not_of(", "), text.size()));
    if (text.empty()) refuse();
    if (text[0] == ')') return shape;
    std::size_t n = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
    if (error != std::errc() || shape.size() == 32) refuse();
    shape.push_back(n);
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  }
}

Header read_header(ByteSource& source) {
  const std::string& name = source.name();
  const auto magic = source.read_exactly(8, "the .npy header");
  if (std::string_view(reinterpret_cast<const char*>(magic.data()), 6) != kMagic)
    throw InputError(name + ": is not an .npy file; it must begin with \\x93NUMPY.");
  const auto major = std::to_integer<unsigned>(magic[6]);
  if (major < 1 || major > 3)
    throw InputError(name + ": has .npy format " + std::to_string(major) + "; formats 1 to 3 can be read.");
  const std::size_t width = major == 1 ? 2 : 4;
  const auto length_bytes = source.read_exactly(width, "the length of the .npy header");
  const std::size_t length = width == 2 ? load_little<std::uint16_t>(length_bytes.data())
                                        : load_little<std::uint32_t>(length_bytes.data());
  if (length > kLongestHeader)
    throw InputError(name + ": its .npy header is longer than 1 MiB; it is damaged.");
  const auto bytes = source.read_exactly(length, "the .npy header");
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());

  Header header;
  const auto descr = value_of(text, "descr", name);
  if (descr.size() < 5 || descr[0] != '\'' || descr[4] != '\'')
    throw InputError(name +
                     ": holds structured or unusual numbers; use plain u1, i1, u2, i2, i4, i8, f4 or f8.");
  const auto row = std::find_if(kTypes.begin(), kTypes.end(),
                                [&](const TypeRow& r) { return r.code == descr.substr(2, 2); });
  if (row == kTypes.end() || std::string_view("<>|=").find(descr[1]) == std::string_view::npos)
    throw InputError(name + ": holds numbers of type " + printable(descr.substr(1, 3)) +
                     "; u1, i1, u2, i2, i4, i8, f4, f8 and b1 can be read.");
  header.array.type = row->type;
  header.big_endian = descr[1] == '>';
  header.fortran = value_of(text, "fortran_order", name).starts_with("True");
  header.array.shape = read_shape(value_of(text, "shape", name), name);
  return header;
}

// Fortran order runs through the first index fastest.
void turn_to_c_order(NumericArray& array) {
  const std::size_t width = element_size(array.type), count = array.size();
  std::vector<std::byte> turned(array.bytes.size());
  std::vector<std::size_t> index(array.shape.size(), 0);
  for (std::size_t i = 0; i < count; ++i) {
    std::size_t from = 0, stride = 1;
    for (std::size_t d = 0; d < index.size(); ++d) from += index[d] * stride, stride *= array.shape[d];
    std::copy_n(array.bytes.data() + from * width, width, turned.data() + i * width);
    for (std::size_t d = index.size(); d-- > 0;) {
      if (++index[d] < array.shape[d]) break;
      index[d] = 0;
    }
  }
  array.bytes = std::move(turned);
}

NumericArray read_array(ByteSource& source) {
  Header header = read_header(source);
  NumericArray& array = header.array;
  const auto bytes = checked_product(array.shape, element_size(array.type));
  if (!bytes || *bytes > source.at_most())
    throw InputError(source.name() + ": its header claims " + shape_text(array.shape) +
                     " numbers, more than the file holds; it is cut short or damaged.");
  array.bytes = source.read_exactly(*bytes, "the numbers");
  source.expect_end("the numbers");
  if (header.big_endian) swap_bytes(array.bytes, element_size(array.type));
  if (header.fortran && array.shape.size() > 1) turn_to_c_order(array);
  return std::move(array);
}

class Archive {
 public:
  explicit Archive(const std::filesystem::path& path) : path_(path.string()) {
    open_plain(path);  // for its errors about paths
    int code = 0;
    zip_.reset(zip_open(path_.c_str(), ZIP_RDONLY, &code));
    if (!zip_) throw InputError(path_ + ": is not an .npz archive, or is cut short or damaged.");
  }
  const std::string& path() const { return path_; }
  zip_t* get() const { return zip_.get(); }

  std::vector<std::string> names() const {
    std::vector<std::string> result;
    for (zip_int64_t i = 0; i < zip_get_num_entries(zip_.get(), 0); ++i) {
      const char* name = zip_get_name(zip_.get(), static_cast<zip_uint64_t>(i), 0);
      std::string text = name ? name : "";
      if (text.ends_with(".npy")) text.resize(text.size() - 4);
      result.push_back(text);
    }
    return result;
  }

 private:
  struct Discard {
    void operator()(zip_t* zip) const { zip_discard(zip); }
  };
  std::string path_;
  std::unique_ptr<zip_t, Discard> zip_;
};

// One member, unpacked as it is read.
class MemberSource final : public ByteSource {
 public:
  MemberSource(const Archive& archive, std::size_t index, const std::string& name)
      : ByteSource(archive.path() + ":" + name) {
    zip_stat_t stat;
    zip_stat_init(&stat);
    if (zip_stat_index(archive.get(), index, 0, &stat) != 0 || !(stat.valid & ZIP_STAT_SIZE))
      throw InputError(this->name() + ": the archive's directory is damaged.");
    // The directory may lie about the size; what is packed bounds it.
    left_ = stat.valid & ZIP_STAT_COMP_SIZE
                ? std::min<std::uint64_t>(stat.size, (stat.comp_size + 64) * kDeflateRatio)
                : stat.size;
    file_.reset(zip_fopen_index(archive.get(), index, 0));
    if (!file_)
      throw InputError(this->name() +
                       ": cannot be unpacked (damaged, encrypted or packed in an unknown way).");
  }
  std::uint64_t at_most() const override { return left_; }

 protected:
  std::size_t read_raw(std::span<std::byte> out) override {
    const zip_int64_t got = zip_fread(file_.get(), out.data(), out.size());
    if (got < 0) throw InputError(name() + ": its packed data are damaged or cut short.");
    left_ -= std::min<std::uint64_t>(left_, static_cast<std::uint64_t>(got));
    return static_cast<std::size_t>(got);
  }

 private:
  struct Close {
    void operator()(zip_file_t* file) const { zip_fclose(file); }
  };
  std::unique_ptr<zip_file_t, Close> file_;
  std::uint64_t left_ = 0;
};

}  // namespace

NumericArray read_npy(const std::filesystem::path& path) {
  const auto source = open_plain(path);
  return read_array(*source);
}

void write_npy(const std::filesystem::path& path, const NumericArray& array) {
  const auto row =
      std::find_if(kTypes.begin(), kTypes.end(), [&](const TypeRow& r) { return r.type == array.type; });
  std::string shape;
  for (const std::size_t n : array.shape) shape += std::to_string(n) + ", ";
  if (array.shape.size() > 1) shape.resize(shape.size() - 2);
  if (array.shape.size() == 1) shape.resize(shape.size() - 1);
  std::string header = "{'descr': '" + std::string(element_size(array.type) == 1 ? "|" : "<") +
                       std::string(row->code) + "', 'fortran_order': False, 'shape': (" + shape + "), }";
  // The numbers begin at a multiple of 64 bytes; 10 bytes and a line end belong to the header.
  header.append((64 - (header.size() + 11) % 64) % 64, ' ');
  header += '\n';
  const auto length = static_cast<std::uint16_t>(header.size());
  write_file_atomically(path, [&](AtomicFile& out) {
    out.write(kMagic);
    out.write(std::string_view("\x01\x00", 2));
    out.write(std::as_bytes(std::span(&length, 1)));
    out.write(header);
    out.write(array.bytes);
  });
}

std::vector<std::string> npz_names(const std::filesystem::path& path) {
  return Archive(path).names();
}

NumericArray read_npz(const std::filesystem::path& path, const std::string& name) {
  const Archive archive(path);
  const auto names = archive.names();
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) {
    std::string list;
    for (const std::string& each : names) list += (list.empty() ? "" : ", ") + each;
    throw InputError(archive.path() + ": has no array \"" + name + "\"; it holds " +
                     (list.empty() ? "none" : list) + ".");
  }
  MemberSource source(archive, static_cast<std::size_t>(found - names.begin()), name);
  return read_array(source);
}

std::map<std::string, NumericArray> read_npz(const std::filesystem::path& path) {
  const Archive archive(path);
  std::map<std::string, NumericArray> arrays;
  const auto names = archive.names();
  for (std::size_t i = 0; i < names.size(); ++i) {
    MemberSource source(archive, i, names[i]);
    arrays[names[i]] = read_array(source);
  }
  return arrays;
}

}  // namespace harmonium
