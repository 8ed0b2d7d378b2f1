#include "repository/abort_decision.h"

#include "repository/clean_text.h"
#include "repository/decision_object.h"
#include "repository/key_ring.h"

namespace pgkeep::repository {

Bytes MakeAbort(const ControlAccess& control, const WriterId& writer, std::string_view reason) {
  const RepositoryContext& context = control.context();
  const DecisionObject decision{.verdict = Verdict::kAbort,
                                .manifest_sha256 = {},
                                .reference_list_sha256 = {},
                                .time = context.clock->Now(),
                                .reason = CleanText(reason),
                                .extensions = {}};
  return EncodeDecision(decision, control.Identity(writer),
                        context.keys ? &context.keys->host_signing_key() : nullptr);
}

Status DecideAbort(const ControlAccess& control, const WriterId& writer, std::string_view reason) {
  Status created = control.Create(DecisionKey(writer), MakeAbort(control, writer, reason));
  if (created.ok() || created.error().code() != ErrorCode::kConflict) return created;
  PGK_ASSIGN_OR_RETURN(const DecisionObject there, control.ReadDecision(writer));
  if (there.verdict == Verdict::kAbort) return Ok();
  return Err(ErrorCode::kConflict, "backup {} is committed and cannot be aborted", writer.Hex())
      .WithHint("run 'pgkeep expire' if the backup should go");
}

}  // namespace pgkeep::repository
