// The leaf decoder against a second one that was written from the document alone: unit by unit,
// with no code of the product but its errors. Both must accept the same bytes and mean the same
// units.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "repository/leaf_node.h"
#include "testing/damage.h"
#include "testing/node_samples.h"

namespace pgkeep::repository {
namespace {

using testing::SeededRandom;

// What one unit of a leaf is, fully spelt out, as text.
using SlowUnits = std::vector<std::string>;

// Thrown by the slow decoder; it stays in this file.
struct Refused {};

void Require(bool condition) {
  if (!condition) throw Refused();
}

class SlowDecoder {
 public:
  explicit SlowDecoder(ByteSpan bytes) : bytes_(bytes.begin(), bytes.end()) {}

  SlowUnits Leaf() {
    Require(Byte() == 1);
    const uint64_t units = Number();
    Require(units >= 1 && units <= 16'384);
    const uint64_t total = Number();
    ReadPacks();
    ReadFrames();
    ReadBlobs();
    ReadExtents();
    Require(at_ == bytes_.size());
    Require(out_.size() == units);
    CheckUse();
    CheckOneForm();
    Require(total >= least_ && total <= most_);
    out_.push_back("bytes " + std::to_string(total));
    return out_;
  }

 private:
  struct Frame {
    uint64_t pack, offset, clen, rlen, units;
    std::string hash;
  };
  struct Run {
    uint64_t type, count, index, first;
  };

  uint64_t Byte() {
    Require(at_ < bytes_.size());
    return bytes_[at_++];
  }

  // Sums the groups from the last to the first, in 128 bits' worth of care: at most 64.
  uint64_t Number() {
    std::vector<uint64_t> groups;
    do {
      groups.push_back(Byte());
    } while (groups.back() >= 128);
    Require(groups.size() == 1 || groups.back() != 0);
    Require(groups.size() < 10 || (groups.size() == 10 && groups.back() == 1));
    uint64_t value = 0;
    for (size_t i = groups.size(); i > 0; --i) value = value * 128 + groups[i - 1] % 128;
    return value;
  }

  std::string Text(uint64_t size) {
    std::string text;
    for (uint64_t i = 0; i < size; ++i) text.push_back(static_cast<char>(Byte()));
    return text;
  }

  uint64_t Fixed32() {
    uint64_t value = 0;
    for (uint64_t factor = 1, i = 0; i < 4; ++i, factor *= 256) value += Byte() * factor;
    return value;
  }

  static void RequirePlace(uint64_t offset, uint64_t clen, uint64_t rlen, uint64_t rlen_max) {
    Require(clen >= 1 && clen <= rlen && rlen <= rlen_max && offset >= 96);
    Require(offset <= 67'108'864 && offset + 32 + clen + 16 + (32 + 1 + 16) + 24 <= 67'108'864);
  }

  void ReadPacks() {
    for (uint64_t n = Number(); n > 0; --n) {
      std::string writer = Text(16);
      const uint64_t seq = Number();
      Require(seq <= 99'999'999);
      // Signed characters would sort wrongly.
      std::vector<unsigned> order(writer.begin(), writer.end());
      for (unsigned& value : order) value %= 256;
      Require(packs_.empty() || std::tie(order_, last_seq_) < std::tie(order, seq));
      order_ = order;
      last_seq_ = seq;
      packs_.push_back(writer + " " + std::to_string(seq));
    }
  }

  void ReadFrames() {
    for (uint64_t n = Number(); n > 0; --n) {
      Frame frame{Number(), Number(), Number(), Number(), Number(), {}};
      frame.hash = Text(16);
      Require(frame.pack < packs_.size());
      Require(frame.units >= 1 && frame.units <= 16 && frame.rlen >= 2 * frame.units);
      RequirePlace(frame.offset, frame.clen, frame.rlen, 1'048'576 + 64);
      if (!frames_.empty()) {
        const Frame& before = frames_.back();
        Require(before.pack < frame.pack ||
                (before.pack == frame.pack && before.offset < frame.offset));
      }
      frames_.push_back(frame);
    }
  }

  void ReadBlobs() {
    for (uint64_t n = Number(); n > 0; --n) {
      const size_t begin = at_;
      const uint64_t tag = Byte();
      Require(tag == 1 || tag == 2);
      if (tag == 1) {
        const uint64_t size = Number();
        Require(size >= 1 && size <= 256);
        Text(size);
      } else {
        Text(16);
        Require(Fixed32() <= 99'999'999);
        const uint64_t offset = Fixed32();
        const uint64_t clen = Fixed32();
        RequirePlace(offset, clen, Fixed32(), 4'194'304);
        Text(32);
      }
      const std::string pointer(bytes_.begin() + static_cast<ptrdiff_t>(begin),
                                bytes_.begin() + static_cast<ptrdiff_t>(at_));
      const uint64_t length = Number();
      Require(length > 1'048'576 && length <= 65'536ULL * 1'048'576);
      blobs_.emplace_back(pointer, length);
    }
  }

  void ReadExtents() {
    for (uint64_t n = Number(); n > 0; --n) {
      const uint64_t head = Number();
      Run run{head % 4, head / 4, 0, 0};
      Require(run.type != 3 && run.count >= 1 && run.count <= 16'384);
      if (run.type != 0) run.index = Number();
      if (run.type == 1) run.first = Number();
      runs_.push_back(run);
      if (run.type == 1) {
        Require(run.index < frames_.size());
        most_ += frames_[run.index].rlen;
      }
      for (uint64_t i = 0; i < run.count; ++i) AddUnit(run, i);
      Require(out_.size() <= 16'384);
    }
  }

  void AddUnit(const Run& run, uint64_t i) {
    if (run.type == 0) {
      out_.push_back("hole");
      most_ += 1'048'576;
    } else if (run.type == 1) {
      const Frame& frame = frames_[run.index];
      const uint64_t unit = run.first + i;
      Require(run.first <= 16 && unit < frame.units);
      ++frame_uses_[run.index];
      ++least_;
      out_.push_back("unit " + std::to_string(unit) + " of " + Describe(frame));
    } else {
      Require(run.index < blobs_.size() && run.index + i < blobs_.size());
      const auto& [pointer, length] = blobs_[run.index + i];
      ++blob_uses_[run.index + i];
      least_ += length;
      most_ += length;
      out_.push_back("blob " + pointer + " of " + std::to_string(length));
    }
  }

  std::string Describe(const Frame& frame) const {
    std::string text = packs_[frame.pack] + " " + frame.hash;
    for (const uint64_t number : {frame.offset, frame.clen, frame.rlen, frame.units}) {
      text += " " + std::to_string(number);
    }
    return text;
  }

  void CheckUse() const {
    Require(frame_uses_.size() == frames_.size() && blob_uses_.size() == blobs_.size());
    for (size_t i = 0; i < packs_.size(); ++i) {
      Require(std::ranges::any_of(frames_, [&](const Frame& frame) { return frame.pack == i; }));
    }
  }

  // Cuts the units into runs again, greedily, and compares.
  void CheckOneForm() const {
    std::vector<std::array<uint64_t, 3>> atoms;
    for (const Run& run : runs_) {
      for (uint64_t i = 0; i < run.count; ++i) {
        if (run.type == 0) atoms.push_back({0, 0, 0});
        if (run.type == 1) atoms.push_back({1, run.index, run.first + i});
        if (run.type == 2) atoms.push_back({2, run.index + i, 0});
      }
    }
    size_t runs = 0;
    for (size_t i = 0; i < atoms.size(); ++i) {
      bool joins = false;
      if (i > 0 && atoms[i][0] == atoms[i - 1][0]) {
        const auto [type, index, first] = atoms[i];
        const auto [type_before, index_before, first_before] = atoms[i - 1];
        joins = type == 0 || (type == 1 && index == index_before && first == first_before + 1) ||
                (type == 2 && index == index_before + 1);
      }
      if (!joins) ++runs;
    }
    Require(runs == runs_.size());
  }

  std::vector<unsigned char> bytes_;
  size_t at_ = 0;
  std::vector<std::string> packs_;
  std::vector<unsigned> order_;
  uint64_t last_seq_ = 0;
  std::vector<Frame> frames_;
  std::vector<std::pair<std::string, uint64_t>> blobs_;
  std::vector<Run> runs_;
  std::map<uint64_t, int> frame_uses_;
  std::map<uint64_t, int> blob_uses_;
  uint64_t least_ = 0;
  uint64_t most_ = 0;
  SlowUnits out_;
};

std::optional<SlowUnits> DecodeSlowly(ByteSpan bytes) {
  try {
    return SlowDecoder(bytes).Leaf();
  } catch (const Refused&) {
    return std::nullopt;
  }
}

std::string TextOf(ByteSpan bytes) { return std::string(AsText(bytes)); }

// The product's decoding in the words of the slow one.
std::optional<SlowUnits> DecodeFast(ByteSpan bytes) {
  const auto leaf = DecodeLeaf(bytes);
  if (!leaf.ok()) return std::nullopt;
  SlowUnits out;
  for (const Extent& extent : leaf->extents) {
    for (uint32_t i = 0; i < extent.count; ++i) {
      if (extent.type == Extent::Type::kHole) {
        out.push_back("hole");
      } else if (extent.type == Extent::Type::kRun) {
        const LeafFrame& frame = leaf->frames[extent.index];
        const PackId& pack = leaf->packs[frame.pack];
        std::string text = "unit " + std::to_string(extent.first + i) + " of " +
                           TextOf(pack.writer.bytes) + " " + std::to_string(pack.seq) + " " +
                           TextOf(frame.hash);
        for (const uint32_t number :
             {frame.offset, frame.clen, frame.rlen, uint32_t{frame.units}}) {
          text += " " + std::to_string(number);
        }
        out.push_back(text);
      } else {
        const LeafBlob& blob = leaf->blobs[extent.index + i];
        Bytes pointer;
        ByteWriter writer(pointer);
        blob.node.Encode(writer);
        out.push_back("blob " + TextOf(pointer) + " of " + std::to_string(blob.length));
      }
    }
  }
  out.push_back("bytes " + std::to_string(leaf->bytes));
  return out;
}

RC_GTEST_PROP(LeafDifferential, BothDecodersAgreeOnWhatAWriterMakes, (uint64_t seed)) {
  SeededRandom random(seed);
  const Bytes bytes = EncodeLeaf(testing::RandomLeaf(random));
  const auto slow = DecodeSlowly(bytes);
  RC_ASSERT(slow.has_value());
  RC_ASSERT(DecodeFast(bytes) == slow);
}

RC_GTEST_PROP(LeafDifferential, BothDecodersAgreeOnDamage, (uint64_t seed)) {
  SeededRandom random(seed);
  const Bytes bytes = EncodeLeaf(testing::RandomLeaf(random));
  for (int i = 0; i < 50; ++i) {
    Bytes damaged = bytes;
    // Near the front and the end, where the numbers are, as often as in the hashes.
    testing::Damage(random, damaged);
    RC_ASSERT(DecodeFast(damaged) == DecodeSlowly(damaged));
  }
}

// Every value of every byte of one leaf: all rules that one byte can break.
TEST(LeafDifferential, BothDecodersAgreeOnEveryByte) {
  SeededRandom random(7);
  size_t accepted = 0;
  for (int round = 0; round < 2; ++round) {
    LeafNode leaf = testing::RandomLeaf(random);
    // The slow decoder spells out every unit.
    while (leaf.units > 100 || leaf.frames.empty() || leaf.blobs.empty() ||
           EncodeLeaf(leaf).size() > 130) {
      leaf = testing::RandomLeaf(random);
    }
    const Bytes bytes = EncodeLeaf(leaf);
    for (size_t at = 0; at < bytes.size(); ++at) {
      for (unsigned value = 0; value < 256; ++value) {
        Bytes damaged = bytes;
        damaged[at] = static_cast<uint8_t>(value);
        const auto fast = DecodeFast(damaged);
        ASSERT_EQ(fast, DecodeSlowly(damaged)) << "byte " << at << " = " << value;
        accepted += fast.has_value() ? 1U : 0U;
      }
    }
  }
  EXPECT_GT(accepted, 1000U) << "bytes of hashes may have any value";
}

}  // namespace
}  // namespace pgkeep::repository
