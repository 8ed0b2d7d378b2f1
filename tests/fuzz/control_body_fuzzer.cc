// Any bytes as the body of each class of control objects: a body that is accepted is the one
// encoding of what it says. The first byte chooses the class.
#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "repository/config_object.h"
#include "repository/decision_object.h"
#include "repository/expiry_object.h"
#include "repository/gc_plan_object.h"
#include "repository/key_slot.h"
#include "repository/lease_object.h"
#include "repository/pin_object.h"
#include "repository/session_object.h"

namespace repository = pgkeep::repository;

namespace {

template <class Decode, class Encode>
void CheckOneForm(pgkeep::ByteSpan body, Decode decode, Encode encode) {
  const auto value = decode(body);
  if (value.ok()) PGK_CHECK(pgkeep::BytesEqual(encode(*value), body));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const pgkeep::ByteSpan body(data + 1, size - 1);
  switch (data[0] % 9) {
    case 0:
      CheckOneForm(body, repository::DecodeConfigBody, repository::EncodeConfigBody);
      break;
    case 1:
      CheckOneForm(body, repository::DecodeKeySlotBody, repository::EncodeKeySlotBody);
      break;
    case 2:
      CheckOneForm(body, repository::DecodeSessionBody, repository::EncodeSessionBody);
      break;
    case 3:
      CheckOneForm(body, repository::DecodePinBody, repository::EncodePinBody);
      break;
    case 4:
      CheckOneForm(body, repository::DecodeHeartbeatBody, repository::EncodeHeartbeatBody);
      break;
    case 5:
      CheckOneForm(body, repository::DecodeDecisionBody, repository::EncodeDecisionBody);
      break;
    case 6:
      CheckOneForm(body, repository::DecodeExpiryBody, repository::EncodeExpiryBody);
      break;
    case 7:
      CheckOneForm(body, repository::DecodeGcPlanBody, repository::EncodeGcPlanBody);
      break;
    default:
      CheckOneForm(body, repository::DecodeLeaseBody, repository::EncodeLeaseBody);
      break;
  }
  return 0;
}
