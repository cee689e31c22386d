// The software's version, as it names itself to people and peers.

#ifndef TJ_NODE_APP_VERSION_H_
#define TJ_NODE_APP_VERSION_H_

namespace tj::app {

inline constexpr char kVersion[] = "0.1.0";

}  // namespace tj::app

#endif  // TJ_NODE_APP_VERSION_H_
