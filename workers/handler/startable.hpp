// workers/handler/startable.hpp
//
// Whether a program can be started, as far as can be told without starting it: it is there, a regular file, may be run;
// and if it begins with "#!", so is the interpreter which that names.
//
// Looks like the kernel does: the interpreter is not looked up in PATH, its line counts up to 256 bytes, and it may be a
//            script itself. Of "#!/usr/bin/env X" also X, as env(1) does: in PATH. What is neither a script nor known to us is for the kernel to judge (binfmt_misc).
// Errors     why not, as it can be shown after the program's name.
// Threads    any, as long as nobody changes the environment.
#pragma once

#include <optional>
#include <string>

namespace simplevisor::handler {

// Nothing: it can. `program` is looked up in PATH unless it has a slash.
[[nodiscard]] std::optional<std::string> why_not_startable(const std::string& program);

}  // namespace simplevisor::handler
