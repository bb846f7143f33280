// The one translation unit that holds the implementation of Boost.Asio, Beast and Process v2, so that
// every other file pays for their declarations only.
#include <boost/asio/impl/src.hpp>
#include <boost/beast/src.hpp>
#include <boost/process/v2/src.hpp>
