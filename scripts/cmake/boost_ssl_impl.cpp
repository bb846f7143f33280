// The one translation unit that holds the implementation of Asio's TLS streams; the rest of Asio is in simplevisor::boost.
#include <boost/asio/ssl/impl/src.hpp>
