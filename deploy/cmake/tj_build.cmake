# Compiler settings for every target: C++20, warnings as errors, sanitizers by preset, ccache and mold where present.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)

set(TJ_SANITIZE "" CACHE STRING "Sanitizers: '', 'address,undefined', 'thread', 'fuzzer'")
option(TJ_WERROR "Warnings are errors" ON)

find_program(TJ_CCACHE ccache)
if(TJ_CCACHE)
  # A clone in another folder finds what this one compiled.
  set(launcher env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${TJ_CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${launcher})
  set(CMAKE_C_COMPILER_LAUNCHER ${launcher})
endif()
find_program(TJ_MOLD mold)
if(TJ_MOLD)
  add_link_options(-fuse-ld=mold)
endif()

add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wno-missing-field-initializers)
if(TJ_WERROR)
  add_compile_options(-Werror)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  # libstdc++ 12's own stable_partition uses what it has declared deprecated, and clang says so in our name.
  add_compile_options(-Wthread-safety -Wno-deprecated-declarations)
  if(CMAKE_CXX_COMPILER_VERSION VERSION_GREATER_EQUAL 18)
    # clang 18 began to mangle template parameters with dependent types as the new ABI says ("Tn"); the distribution's
    # abseil was built by gcc 12, which does not, and would not link.
    add_compile_options(-fclang-abi-compat=17)
  endif()
else()
  # gcc 12 reports false positives inside libstdc++ and absl at -O2.
  add_compile_options(-Wno-restrict -Wno-maybe-uninitialized -Wno-stringop-overflow -Wno-stringop-overread
                      -Wno-array-bounds -Wno-dangling-pointer)
endif()

if(TJ_SANITIZE STREQUAL "fuzzer")
  # libFuzzer main is linked only into fuzz targets; everything is instrumented.
  add_compile_options(-fsanitize=fuzzer-no-link,address,undefined -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=address,undefined)
elseif(TJ_SANITIZE)
  add_compile_options(-fsanitize=${TJ_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${TJ_SANITIZE})
  if(TJ_SANITIZE STREQUAL "thread")
    # Protobuf's headers lay out map fields otherwise when they see ThreadSanitizer, and the distribution's library was not
    # built with it: a map that the library filled would be read at wrong places. The standard library still knows.
    add_compile_options(-U__SANITIZE_THREAD__ -D_GLIBCXX_TSAN=1)
    # Asio uses fences, which gcc's ThreadSanitizer does not follow: it could see a race that is none there, never miss one of ours.
    add_compile_options(-Wno-tsan)
  endif()
endif()

if(CMAKE_BUILD_TYPE STREQUAL "Release")
  # Assertions of ours (TJ_CHECK) stay on in release.
  set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1")
endif()
