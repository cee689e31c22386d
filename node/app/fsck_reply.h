// The answer of an fsck, as the control service and `tongjiand --fsck` give it.

#ifndef TJ_NODE_APP_FSCK_REPLY_H_
#define TJ_NODE_APP_FSCK_REPLY_H_

#include "node/services.h"
#include "node/store/fsck.h"

namespace tj::app {

api::FsckReply ToReply(const store::FsckReport& report);

}  // namespace tj::app

#endif  // TJ_NODE_APP_FSCK_REPLY_H_
