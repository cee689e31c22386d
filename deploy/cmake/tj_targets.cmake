# tj_library(NAME SOURCES … DEPS … THIRD_PARTY …)   a folder's library; included as "folder/file.h" from the root
# tj_proto(NAME [GRPC] FILES …)                      generated code, warnings off
# tj_program(NAME SOURCES … DEPS … THIRD_PARTY …)
# tj_test(NAME LABEL label SOURCES … DEPS … [THIRD_PARTY …] [TIMEOUT s])   one GoogleTest binary = one ctest entry
# tj_script_test(NAME LABEL label COMMAND … [NEEDS target…] [TIMEOUT s])     a test that is a program or script
# Target tests_<label> builds what the tests of that label need, and nothing else.
# Sources are listed by hand; tests/lint checks that every test file on disk is in the build.

function(tj_library name)
  cmake_parse_arguments(A "" "" "SOURCES;DEPS;THIRD_PARTY" ${ARGN})
  add_library(${name} STATIC ${A_SOURCES})
  target_include_directories(${name} PUBLIC ${CMAKE_SOURCE_DIR})
  target_link_libraries(${name} PUBLIC ${A_DEPS} PRIVATE ${A_THIRD_PARTY})
endfunction()

function(tj_proto name)
  cmake_parse_arguments(A "GRPC" "" "FILES;DEPS" ${ARGN})
  set(gen ${CMAKE_BINARY_DIR}/gen)
  file(MAKE_DIRECTORY ${gen})
  set(outputs)
  foreach(file ${A_FILES})
    file(RELATIVE_PATH rel ${CMAKE_SOURCE_DIR} ${CMAKE_CURRENT_SOURCE_DIR}/${file})
    string(REGEX REPLACE "\\.proto$" "" stem ${rel})
    set(out ${gen}/${stem}.pb.cc ${gen}/${stem}.pb.h)
    set(args --cpp_out=${gen})
    if(A_GRPC)
      list(APPEND out ${gen}/${stem}.grpc.pb.cc ${gen}/${stem}.grpc.pb.h)
      list(APPEND args --grpc_out=${gen} --plugin=protoc-gen-grpc=${TJ_GRPC_CPP_PLUGIN})
    endif()
    add_custom_command(OUTPUT ${out}
      COMMAND ${TJ_PROTOC} -I ${CMAKE_SOURCE_DIR} ${args} ${CMAKE_SOURCE_DIR}/${rel}
      DEPENDS ${CMAKE_SOURCE_DIR}/${rel} VERBATIM)
    list(APPEND outputs ${out})
  endforeach()
  add_library(${name} STATIC ${outputs})
  target_include_directories(${name} SYSTEM PUBLIC ${gen})
  target_compile_options(${name} PRIVATE -w)
  target_link_libraries(${name} PUBLIC protobuf::libprotobuf ${A_DEPS})
  if(A_GRPC)
    target_link_libraries(${name} PUBLIC gRPC::grpc++)
  endif()
endfunction()

function(tj_program name)
  cmake_parse_arguments(A "" "" "SOURCES;DEPS;THIRD_PARTY" ${ARGN})
  add_executable(${name} ${A_SOURCES})
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR})
  target_link_libraries(${name} PRIVATE ${A_DEPS} ${A_THIRD_PARTY})
endfunction()

set(TJ_TEST_LABELS unit contract scenario sim fault attack privacy e2e browser ops fuzz bench lint)

# Checks the label, gives the registered test its properties, and hangs what it needs below tests_<label>.
function(tj_label_test name label timeout)
  if(NOT label IN_LIST TJ_TEST_LABELS)
    message(FATAL_ERROR "test ${name}: LABEL is one of ${TJ_TEST_LABELS}")
  endif()
  if(NOT timeout)
    set(timeout 300)
  endif()
  set_tests_properties(${name} PROPERTIES LABELS ${label} TIMEOUT ${timeout} ENVIRONMENT
    "TSAN_OPTIONS=ignore_noninstrumented_modules=1:halt_on_error=1;UBSAN_OPTIONS=print_stacktrace=1")
  if(NOT TARGET tests_${label})
    add_custom_target(tests_${label})
  endif()
  if(ARGN)
    add_dependencies(tests_${label} ${ARGN})
  endif()
endfunction()

function(tj_test name)
  cmake_parse_arguments(A "" "LABEL;TIMEOUT" "SOURCES;DEPS;THIRD_PARTY" ${ARGN})
  add_executable(${name} ${A_SOURCES})
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR})
  target_link_libraries(${name} PRIVATE ${A_DEPS} ${A_THIRD_PARTY} GTest::gmock GTest::gtest GTest::gtest_main)
  target_compile_definitions(${name} PRIVATE TJ_SOURCE_DIR="${CMAKE_SOURCE_DIR}" TJ_BIN_DIR="${CMAKE_BINARY_DIR}/bin")
  add_test(NAME ${name} COMMAND ${name})
  tj_label_test(${name} "${A_LABEL}" "${A_TIMEOUT}" ${name})
endfunction()

function(tj_script_test name)
  cmake_parse_arguments(A "" "LABEL;TIMEOUT" "COMMAND;NEEDS" ${ARGN})
  add_test(NAME ${name} COMMAND ${A_COMMAND})
  tj_label_test(${name} "${A_LABEL}" "${A_TIMEOUT}" ${A_NEEDS})
  # A script that cannot run here (no ../shared/data) says why and exits 77: ctest lists it as skipped. Not so for the
  # binaries of the fuzz targets, whose exit 77 is a crash.
  set_tests_properties(${name} PROPERTIES SKIP_RETURN_CODE 77)
endfunction()
