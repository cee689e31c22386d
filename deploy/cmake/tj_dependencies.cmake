# Third-party packages, all from the distribution. The table of why is in README.md; who may link what is checked by
# tests/lint/layers.txt.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)
find_package(Protobuf REQUIRED)
find_package(absl REQUIRED)
find_package(gRPC CONFIG REQUIRED)
find_package(leveldb CONFIG REQUIRED)
# The shared library carries its own need of snappy; Debian's package asks for -lsnappy without depending on what has it.
set_target_properties(leveldb::leveldb PROPERTIES INTERFACE_LINK_LIBRARIES "")
find_package(spdlog CONFIG REQUIRED)
find_package(Boost 1.81 REQUIRED)
find_package(CLI11 CONFIG REQUIRED)
find_package(EXPAT REQUIRED)
find_package(ZLIB REQUIRED)
pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(TOMLPP REQUIRED IMPORTED_TARGET tomlplusplus)
pkg_check_modules(SMARTCOLS REQUIRED IMPORTED_TARGET smartcols)
find_program(TJ_PROTOC protoc REQUIRED)
find_program(TJ_GRPC_CPP_PLUGIN grpc_cpp_plugin REQUIRED)

# OFF: only the programs, without GoogleTest, google-benchmark and clang (deploy/install-deps --run).
option(TJ_TESTS "Build the tests" ON)
if(TJ_TESTS)
  find_package(GTest CONFIG REQUIRED)
  find_package(benchmark CONFIG REQUIRED)
  # The system's own: a user's python may lack pytest.
  find_program(TJ_PYTHON python3 PATHS /usr/bin NO_DEFAULT_PATH REQUIRED)
endif()
