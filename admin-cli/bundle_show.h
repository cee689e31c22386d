// `bundle show`: looks into a bundle file without a node. One thread.

#ifndef TJ_ADMIN_CLI_BUNDLE_SHOW_H_
#define TJ_ADMIN_CLI_BUNDLE_SHOW_H_

#include "admin-cli/context.h"

namespace tj::cli {

void AddBundleShow(CLI::App* bundle, Context& context);

}  // namespace tj::cli

#endif  // TJ_ADMIN_CLI_BUNDLE_SHOW_H_
