// Debian's fmt is a shared library only; the static helper compiles what it needs of it from fmt's own
// headers.
#include <fmt/format-inl.h>

template fmt::detail::thousands_sep_result<char> fmt::detail::thousands_sep_impl<char>(locale_ref);
template char fmt::detail::decimal_point_impl<char>(locale_ref);
