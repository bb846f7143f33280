# simplevisor::flags carries the language standard, the warnings and the sanitizers of a preset.
option(SIMPLEVISOR_WERROR "Treat warnings as errors" OFF)
set(SIMPLEVISOR_SANITIZE "" CACHE STRING "Sanitizers, as for -fsanitize= (address,undefined or thread)")
option(SIMPLEVISOR_COVERAGE "Instrument for gcovr" OFF)

add_library(simplevisor_flags INTERFACE)
add_library(simplevisor::flags ALIAS simplevisor_flags)

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_C_STANDARD 17)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

target_compile_features(simplevisor_flags INTERFACE cxx_std_23)
target_compile_definitions(simplevisor_flags INTERFACE _GNU_SOURCE)
target_compile_options(simplevisor_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Wcast-qual
  $<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor -Wold-style-cast -Woverloaded-virtual>
  $<$<BOOL:${SIMPLEVISOR_WERROR}>:-Werror>)
# g++ 12 sees overlapping copies in "text" + std::string where there are none (GCC bug 105651).
target_compile_options(simplevisor_flags INTERFACE $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-Wno-restrict>)
if(SIMPLEVISOR_SANITIZE)
  # Instrumented code is more than g++'s data flow analysis sees through: it warns of members of std::variant that the
  # other presets, with the same warnings, know to be set.
  target_compile_options(simplevisor_flags INTERFACE -fsanitize=${SIMPLEVISOR_SANITIZE}
    -fno-omit-frame-pointer -fno-sanitize-recover=all
    $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-Wno-tsan;-Wno-maybe-uninitialized>)
  target_link_options(simplevisor_flags INTERFACE -fsanitize=${SIMPLEVISOR_SANITIZE})
endif()
if(SIMPLEVISOR_COVERAGE)
  target_compile_options(simplevisor_flags INTERFACE --coverage -fprofile-update=atomic)
  target_link_options(simplevisor_flags INTERFACE --coverage)
endif()

find_program(SIMPLEVISOR_MOLD mold)
if(SIMPLEVISOR_MOLD)
  target_link_options(simplevisor_flags INTERFACE -fuse-ld=mold)
endif()
target_link_options(simplevisor_flags INTERFACE -Wl,--gc-sections)

find_program(SIMPLEVISOR_CCACHE ccache)
if(SIMPLEVISOR_CCACHE)
  set(CMAKE_C_COMPILER_LAUNCHER "${SIMPLEVISOR_CCACHE}")
  set(CMAKE_CXX_COMPILER_LAUNCHER "${SIMPLEVISOR_CCACHE}")
endif()
