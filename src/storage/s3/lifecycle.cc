#include "storage/s3/lifecycle.h"

#include <charconv>
#include <pugixml.hpp>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include "base/error.h"

namespace pgkeep::storage {
namespace {

constexpr char kNamespace[] = "http://s3.amazonaws.com/doc/2006-03-01/";

class TextWriter final : public pugi::xml_writer {
 public:
  // A bare carriage return would be read as a line feed; it can be in data only.
  void write(const void* data, size_t size) override {
    for (const char c : std::string_view(static_cast<const char*>(data), size)) {
      if (c == '\r') {
        text += "&#13;";
      } else {
        text += c;
      }
    }
  }

  std::string text;
};

Error NotUnderstood() {
  return Err(ErrorCode::kProtocol, "the server's answer is no set of lifecycle rules")
      .WithHint("check the endpoint: something that is no S3 answers there");
}

Result<uint32_t> Days(const pugi::xml_node& node) {
  const std::string_view text = node.child_value();
  uint32_t days = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), days);
  if (error != std::errc{} || end != text.data() + text.size()) return NotUnderstood();
  return days;
}

Status TakeDays(const pugi::xml_node& node, std::optional<uint32_t>& days) {
  if (!node) return Ok();
  PGK_ASSIGN_OR_RETURN(days, Days(node));
  return Ok();
}

// The prefix stands in a filter, in its conjunction, or, in an older form, in the rule itself.
void TakeFilter(const pugi::xml_node& node, LifecycleRule& rule) {
  const pugi::xml_node filter = node.child("Filter");
  const pugi::xml_node both = filter.child("And");
  for (const pugi::xml_node& place : {node, filter, both}) {
    if (place.child("Prefix")) rule.prefix = place.child_value("Prefix");
    rule.tagged |= !place.child("Tag").empty();
    rule.sized |=
        !place.child("ObjectSizeGreaterThan").empty() || !place.child("ObjectSizeLessThan").empty();
  }
}

Status TakeTransitions(const pugi::xml_node& node, LifecycleRule& rule) {
  for (const pugi::xml_node& entry : node.children()) {
    const std::string_view name = entry.name();
    const bool noncurrent = name == "NoncurrentVersionTransition";
    if (!noncurrent && name != "Transition") continue;
    LifecycleTransition transition{.storage_class = entry.child_value("StorageClass"),
                                   .date = entry.child_value("Date"),
                                   .noncurrent = noncurrent};
    if (const pugi::xml_node days = entry.child(noncurrent ? "NoncurrentDays" : "Days")) {
      PGK_ASSIGN_OR_RETURN(transition.days, Days(days));
    }
    rule.transitions.push_back(std::move(transition));
  }
  return Ok();
}

Result<LifecycleRule> ParseRule(const pugi::xml_node& node) {
  LifecycleRule rule;
  rule.id = node.child_value("ID");
  const std::string_view status = node.child_value("Status");
  if (status != "Enabled" && status != "Disabled") return NotUnderstood();
  rule.enabled = status == "Enabled";
  TakeFilter(node, rule);
  const pugi::xml_node expiration = node.child("Expiration");
  PGK_TRY(TakeDays(expiration.child("Days"), rule.expire_days));
  rule.expire_date = expiration.child_value("Date");
  rule.expire_delete_markers =
      std::string_view(expiration.child_value("ExpiredObjectDeleteMarker")) == "true";
  PGK_TRY(
      TakeDays(node.child("NoncurrentVersionExpiration").child("NoncurrentDays"), rule.purge_days));
  PGK_TRY(TakeDays(node.child("AbortIncompleteMultipartUpload").child("DaysAfterInitiation"),
                   rule.abort_upload_days));
  PGK_TRY(TakeTransitions(node, rule));
  TextWriter writer;
  node.print(writer, "", pugi::format_raw, pugi::encoding_utf8);
  rule.xml = std::move(writer.text);
  return rule;
}

void Append(pugi::xml_node parent, const char* name, const std::string& value) {
  parent.append_child(name).text().set(value.c_str());
}

void AppendDays(pugi::xml_node parent, const char* action, const char* name,
                const std::optional<uint32_t>& days) {
  if (days) Append(parent.append_child(action), name, std::to_string(*days));
}

// In the order that the reference shows, which some servers insist on.
void AppendRule(pugi::xml_node root, const LifecycleRule& rule) {
  pugi::xml_node node = root.append_child("Rule");
  Append(node, "ID", rule.id);
  Append(node.append_child("Filter"), "Prefix", rule.prefix);
  Append(node, "Status", rule.enabled ? "Enabled" : "Disabled");
  for (const LifecycleTransition& transition : rule.transitions) {
    pugi::xml_node entry =
        node.append_child(transition.noncurrent ? "NoncurrentVersionTransition" : "Transition");
    Append(entry, transition.noncurrent ? "NoncurrentDays" : "Days",
           std::to_string(transition.days));
    Append(entry, "StorageClass", transition.storage_class);
  }
  AppendDays(node, "Expiration", "Days", rule.expire_days);
  if (rule.expire_delete_markers) {
    Append(node.append_child("Expiration"), "ExpiredObjectDeleteMarker", "true");
  }
  AppendDays(node, "NoncurrentVersionExpiration", "NoncurrentDays", rule.purge_days);
  AppendDays(node, "AbortIncompleteMultipartUpload", "DaysAfterInitiation", rule.abort_upload_days);
}

}  // namespace

bool LifecycleRule::SameAs(const LifecycleRule& other) const {
  const auto fields = [](const LifecycleRule& rule) {
    return std::tie(rule.id, rule.enabled, rule.prefix, rule.tagged, rule.sized, rule.expire_days,
                    rule.expire_date, rule.expire_delete_markers, rule.purge_days,
                    rule.abort_upload_days, rule.transitions);
  };
  return fields(*this) == fields(other);
}

Result<std::vector<LifecycleRule>> ParseLifecycle(ByteSpan body) {
  pugi::xml_document document;
  // Blanks may be a prefix.
  const auto loaded =
      document.load_buffer(body.data(), body.size(),
                           pugi::parse_default | pugi::parse_ws_pcdata_single, pugi::encoding_utf8);
  const pugi::xml_node root = document.child("LifecycleConfiguration");
  if (loaded.status != pugi::status_ok || !root) return NotUnderstood();
  std::vector<LifecycleRule> rules;
  for (const pugi::xml_node& node : root.children("Rule")) {
    PGK_ASSIGN_OR_RETURN(LifecycleRule rule, ParseRule(node));
    rules.push_back(std::move(rule));
  }
  return rules;
}

std::string FormatLifecycle(const std::vector<LifecycleRule>& rules) {
  pugi::xml_document document;
  pugi::xml_node root = document.append_child("LifecycleConfiguration");
  root.append_attribute("xmlns").set_value(kNamespace);
  for (const LifecycleRule& rule : rules) {
    if (rule.xml.empty()) {
      AppendRule(root, rule);
    } else {
      root.append_buffer(rule.xml.data(), rule.xml.size(),
                         pugi::parse_default | pugi::parse_ws_pcdata_single, pugi::encoding_utf8);
    }
  }
  TextWriter writer;
  document.save(writer, "", pugi::format_raw, pugi::encoding_utf8);
  return std::move(writer.text);
}

}  // namespace pgkeep::storage
