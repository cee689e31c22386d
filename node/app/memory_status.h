// What a node keeps in memory beside what it may (memory.h), for `status --memory`.

#ifndef TJ_NODE_APP_MEMORY_STATUS_H_
#define TJ_NODE_APP_MEMORY_STATUS_H_

#include "node/app/node_parts.h"
#include "protocol/wire/control.pb.h"

namespace tj::app {

// Any thread.
control::v1::MemoryStatus MemoryStatusOf(const NodeParts& parts);

}  // namespace tj::app

#endif  // TJ_NODE_APP_MEMORY_STATUS_H_
