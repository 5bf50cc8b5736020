//! What is to be done when a process of tests has ended, however it ends.

use std::{
    os::unix::process::CommandExt,
    process::{Command, Stdio},
};

/// Runs `script` after this process. A process has no last words when it is killed, so a small shell waits for the end of
/// its standard input, which this process never closes.
pub(super) fn at_exit(script: &str) {
    let child = Command::new("sh")
        .args(["-c", &format!("cat > /dev/null; {script}")])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        // Ctrl-C in the terminal must not end it before its work is done.
        .process_group(0)
        .spawn()
        .expect("a shell");
    // Kept open until the process is gone.
    std::mem::forget(child);
}
