#include "crypto/merkle/frontier.h"

namespace tj::merkle {

template class Frontier<Sm3Hasher>;

}  // namespace tj::merkle
