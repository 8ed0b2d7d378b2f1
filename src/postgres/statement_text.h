// Statements in messages.
#pragma once

#include <string>
#include <string_view>

namespace pgkeep::postgres::internal {

// One line of at most about 160 bytes that shows which statement it was, without what stands in
// quotes: literals may hold passwords and people's data. Names in double quotes stay.
std::string SummarizeStatement(std::string_view sql);

// Text of a server as a part of a message: line breaks and other control characters become single
// spaces, at most about `max_bytes` stay. In the encoding of the connection: whoever prints it
// replaces what is no UTF-8.
std::string OneLine(std::string_view text, size_t max_bytes);

}  // namespace pgkeep::postgres::internal
