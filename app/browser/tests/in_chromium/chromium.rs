//! A headless browser with a profile that outlives it.

use std::{
    os::unix::process::CommandExt,
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
};

pub struct Profile {
    folder: PathBuf,
}

static NEXT: AtomicU32 = AtomicU32::new(0);

impl Profile {
    pub fn new() -> Self {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("daybook-chromium-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder for the profile");
        Self { folder }
    }

    pub fn open(&self, address: &str) -> Browser {
        let program = std::env::var_os("CHROMIUM").unwrap_or_else(|| "/usr/bin/chromium".into());
        // A killed browser leaves its lock behind.
        let _ = std::fs::remove_file(self.folder.join("SingletonLock"));
        let child = Command::new(program)
            .args(["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"])
            .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
            .args(["--disable-extensions", "--disable-default-apps", "--hide-crash-restore-bubble"])
            .arg(format!("--user-data-dir={}", self.folder.display()))
            .arg(address)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // Its processes together, so that they can be killed together.
            .process_group(0)
            .spawn()
            .expect("Chromium; name another one by CHROMIUM");
        Browser { child }
    }
}

impl Drop for Profile {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

pub struct Browser {
    child: Child,
}

impl Browser {
    /// All of its processes at once, without a chance to write anything down.
    pub fn kill(self) {
        drop(self);
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let group = format!("-{}", self.child.id());
        let _ = Command::new("kill").args(["-KILL", "--", &group]).status();
        let _ = self.child.wait();
    }
}
