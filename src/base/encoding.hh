// Bytes as text: hexadecimal, and foreign names made safe to show.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bakehouse::base {

std::string to_hex(std::string_view bytes);
// Lower-case digits only; nullopt for anything else.
std::optional<std::string> from_hex(std::string_view text);

// Little-endian, whatever the machine.
void put_u32(std::string& bytes, uint32_t number);
// Of the first four bytes, which must be there.
uint32_t get_u32(std::string_view bytes);

// The length of the UTF-8 character that `text` begins with (RFC 3629); 0 when it begins with none.
size_t utf8_length(std::string_view text);

// Control characters and bytes that are no UTF-8 appear as \ooo, so that a hostile name can
// neither move a terminal's cursor nor forge a line of a log.
std::string printable(std::string_view text);
// The same for a text of several lines, whose ends stay.
std::string printable_lines(std::string_view text);

}  // namespace bakehouse::base
