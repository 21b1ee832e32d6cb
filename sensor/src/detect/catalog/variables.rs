//! Variables of the environment by which foreign code gets into programs.

/// Variables by which foreign code gets into every program.
pub(crate) const LOADERS: &[&str] = &[
    "LD_PRELOAD",
    "LD_AUDIT",
    "DYLD_INSERT_LIBRARIES",
    "COR_PROFILER_PATH",
    "CORECLR_PROFILER_PATH",
    "DOTNET_STARTUP_HOOKS",
];
/// Variables by which it may get into programs that look for libraries, modules or start files.
pub(crate) const SEARCHES: &[&str] = &[
    "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH",
    "DYLD_FRAMEWORK_PATH",
    "PATH",
    "PYTHONPATH",
    "PYTHONSTARTUP",
    "PYTHONHOME",
    "PERL5LIB",
    "PERL5OPT",
    "RUBYOPT",
    "RUBYLIB",
    "NODE_OPTIONS",
    "NODE_PATH",
    "BASH_ENV",
    "ENV",
    "JAVA_TOOL_OPTIONS",
    "_JAVA_OPTIONS",
    "GCONV_PATH",
    "PROMPT_COMMAND",
    "COR_ENABLE_PROFILING",
    "COR_PROFILER",
    "CORECLR_ENABLE_PROFILING",
    "CORECLR_PROFILER",
    "OPENSSL_CONF",
    "OPENSSL_ENGINES",
    "OPENSSL_MODULES",
    "GIO_EXTRA_MODULES",
    "PHPRC",
    "PHP_INI_SCAN_DIR",
    "LUA_INIT",
    "CLASSPATH",
];

/// Whether a list has this variable, in whatever case.
pub(crate) fn is_among(list: &[&str], name: &str) -> bool {
    list.iter().any(|known| known.eq_ignore_ascii_case(name))
}
