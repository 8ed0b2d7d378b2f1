// Any bytes as a control object: what OpenEnvelope accepts is what SealEnvelope writes. Half of the
// inputs get a right CRC, so that what is checked after it is reached.
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "base/check.h"
#include "repository/envelope.h"
#include "testing/control_samples.h"

using pgkeep::Bytes;
using pgkeep::ByteSpan;
namespace repository = pgkeep::repository;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static pgkeep::testing::ControlFixture fixture(1);
  if (size < 2) return 0;
  const auto object_class = static_cast<repository::ObjectClass>(data[0] % 10);
  const auto rule = static_cast<repository::SignerRule>((data[1] >> 1) % 4);
  Bytes object = pgkeep::ToBytes(ByteSpan(data + 2, size - 2));
  if (data[1] % 2 == 0 && object.size() >= 4) pgkeep::testing::MendCrc(object);
  const auto envelope = repository::OpenEnvelope(object, {.object_class = object_class,
                                                          .key = "key",
                                                          .repository = fixture.repository,
                                                          .subject = std::nullopt,
                                                          .rule = rule,
                                                          .signers = &fixture.signers});
  if (!envelope.ok()) {
    PGK_CHECK(!envelope.error().hint().empty());
    return 0;
  }
  if (envelope->signer) return 0;  // by the fixture's key: nothing to sign again with
  PGK_CHECK(repository::SealEnvelope(object_class, envelope->identity, envelope->body, nullptr) ==
            object);
  return 0;
}
