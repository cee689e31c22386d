#include "sync/link/reach.h"

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "protocol/vocab/error.h"
#include "protocol/vocab/text.h"

namespace tj::link {
namespace {

namespace asio = boost::asio;
using Tcp = asio::ip::tcp;

std::string EndpointText(const Tcp::endpoint& endpoint) {
  const std::string host = endpoint.address().to_string();
  return Cat(endpoint.address().is_v6() ? Cat("[", host, "]") : host, ":", endpoint.port());
}

}  // namespace

absl::StatusOr<std::string> Reach(const std::string& address, Duration timeout) {
  const size_t colon = address.rfind(':');
  if (colon == std::string::npos) {
    return Error(ErrorCode::kSyncLink, Cat(address, ": no port in it"));
  }
  std::string host = address.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  }
  asio::io_context io;
  Tcp::resolver resolver(io);
  Tcp::socket socket(io);
  std::string_view step = "looking the name up";
  boost::system::error_code result = asio::error::timed_out;
  Tcp::endpoint reached;
  resolver.async_resolve(
      host, address.substr(colon + 1),
      [&](const boost::system::error_code& error, const Tcp::resolver::results_type& found) {
        result = error;
        if (error) return;
        step = "connecting";
        result = asio::error::timed_out;
        asio::async_connect(socket, found,
                            [&](const boost::system::error_code& failed, const Tcp::endpoint& to) {
                              result = failed;
                              reached = to;
                            });
      });
  io.run_for(timeout);
  if (result)
    return Error(ErrorCode::kSyncLink, Cat(step, " of ", address, ": ", result.message()));
  return EndpointText(reached);
}

}  // namespace tj::link
