// workers/transfer/ends.hpp
//
// The two ends of an agent, made as its settings say.
//
// Errors     what cannot work whatever the brokers do: a URI, a credential, an option. One line.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <memory>
#include <string>

#include "workers/dirq/options.hpp"
#include "workers/service/error.hpp"
#include "workers/transfer/settings.hpp"
#include "workers/transfer/sink.hpp"
#include "workers/transfer/source.hpp"

namespace simplevisor::transfer {

// Of queues that messages are added to.
[[nodiscard]] dirq::Durability durability_of(const Settings& settings);

[[nodiscard]] service::Result<std::unique_ptr<Source>> make_source(
    const boost::asio::any_io_executor& executor, const Settings& settings, SourceListener listener);
[[nodiscard]] service::Result<std::unique_ptr<Sink>> make_sink(const boost::asio::any_io_executor& executor,
                                                               const Settings& settings, TellSink tell);

}  // namespace simplevisor::transfer
