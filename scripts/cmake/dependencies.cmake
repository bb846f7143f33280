# What the project uses, all from Debian 12. Why each one: docs/decisions/.
find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS json url filesystem)
find_package(fmt 9 REQUIRED)
find_package(spdlog 1.10 REQUIRED)
find_package(CLI11 2.1 REQUIRED)
find_package(ZLIB REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(tomlplusplus REQUIRED IMPORTED_TARGET tomlplusplus)
pkg_check_modules(lz4 REQUIRED IMPORTED_TARGET liblz4)
pkg_check_modules(ncursesw REQUIRED IMPORTED_TARGET ncursesw)
find_library(SNAPPY_LIBRARY snappy REQUIRED)

# Every user of Asio, Beast or Process v2 links this target, so that the macros below are the same in
# every translation unit (a difference would break the one-definition rule); the implementation of the
# three is compiled once, in boost_impl.cpp.
add_library(simplevisor_boost_macros INTERFACE)
target_compile_definitions(simplevisor_boost_macros INTERFACE
  BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION BOOST_PROCESS_V2_SEPARATE_COMPILATION
  BOOST_ASIO_NO_DEPRECATED)
target_link_libraries(simplevisor_boost_macros INTERFACE Boost::headers Boost::filesystem Boost::url Boost::json Threads::Threads)

add_library(simplevisor_boost STATIC "${CMAKE_CURRENT_LIST_DIR}/boost_impl.cpp")
add_library(simplevisor::boost ALIAS simplevisor_boost)
target_compile_features(simplevisor_boost PUBLIC cxx_std_23)
target_link_libraries(simplevisor_boost PUBLIC simplevisor_boost_macros)
# The same for Asio's TLS streams, which bring OpenSSL along.
find_package(OpenSSL REQUIRED COMPONENTS SSL Crypto)
add_library(simplevisor_boost_ssl STATIC "${CMAKE_CURRENT_LIST_DIR}/boost_ssl_impl.cpp")
add_library(simplevisor::boost_ssl ALIAS simplevisor_boost_ssl)
target_link_libraries(simplevisor_boost_ssl PUBLIC simplevisor_boost OpenSSL::SSL OpenSSL::Crypto)
if(SIMPLEVISOR_SANITIZE)
  foreach(library IN ITEMS simplevisor_boost simplevisor_boost_ssl)
    target_compile_options(${library} PRIVATE -fsanitize=${SIMPLEVISOR_SANITIZE} -Wno-tsan)
  endforeach()
endif()
