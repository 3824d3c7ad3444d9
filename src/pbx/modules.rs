//! Which drivers are loaded, as far as `modules.conf` tells.
//!
//! `autoload=yes` loads all but `noload`; without it only `load` and `require` lines count
//! (`main/loader.c`). A `sip.conf` beside a driver that is not loaded opens no door.

use super::language::{Document, is_true};

/// Returns whether a module is loaded; without `modules.conf` it is taken for loaded.
pub(super) fn is_loaded(modules: Option<&Document>, module: &str) -> bool {
    let Some(modules) = modules else { return true };
    let lines = || modules.named("modules").flat_map(|section| &section.settings);
    let names = |value: &str| value.strip_suffix(".so").unwrap_or(value) == module;
    let says = |words: &[&str]| {
        lines()
            .any(|line| words.iter().any(|word| line.name.eq_ignore_ascii_case(word)) && names(&line.value))
    };
    if says(&["load", "preload", "require", "preload-require"]) {
        return true;
    }
    let autoload = modules.last("modules", "autoload").is_some_and(is_true);
    autoload && !says(&["noload"])
}
