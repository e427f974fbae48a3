//! The key to the server: from the environment or a private file, and nowhere else.

use std::env;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use clap::Args;

/// Where the key is.
#[derive(Debug, Args)]
pub struct KeyArgs {
    /// The environment variable with the key
    #[arg(long, value_name = "NAME", default_value = "OPENAI_API_KEY")]
    pub key_env: String,
    /// A file with the key alone, readable by its owner alone (mode 0600), instead
    #[arg(long, value_name = "FILE", conflicts_with = "no_key")]
    pub key_file: Option<PathBuf>,
    /// Send no key, whatever the environment holds
    #[arg(long)]
    pub no_key: bool,
}

/// A key, or none. Never shown: its `Debug` hides it, and [`Key::redact`] takes it out of what others say.
#[derive(Clone)]
pub struct Key(Option<String>);

impl Key {
    /// Finds the key for the server at `base_url`.
    pub fn find(args: &KeyArgs, base_url: &str) -> Result<Self> {
        let (key, place) = match &args.key_file {
            _ if args.no_key => (None, String::new()),
            Some(path) => (Some(private(path)?), path.display().to_string()),
            None => (env::var(&args.key_env).ok().filter(|key| !key.trim().is_empty()), args.key_env.clone()),
        };
        let host = base_url.split("://").nth(1).unwrap_or_default().split(['/', '?']).next().unwrap_or_default();
        let Some(key) = key else {
            ensure!(
                !host.ends_with("api.openai.com") && !host.ends_with(".azure.com"),
                "there is no key for {host}: set {}, or give --key-file",
                args.key_env
            );
            return Ok(Self(None));
        };
        let key = key.trim().to_owned();
        ensure!(!key.is_empty(), "{place} holds no key; write the key there, and nothing else");
        ensure!(
            key.bytes().all(|byte| byte.is_ascii_graphic()),
            "{place} holds more than a key; leave the key alone there"
        );
        let port = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
        let name = host.rsplit_once(':').filter(|(_, end)| port(end)).map_or(host, |(name, _)| name);
        let near = ["localhost", "127.0.0.1", "[::1]"].contains(&name);
        ensure!(
            near || base_url.starts_with("https://"),
            "the key would travel to {host} in clear; use https, or --no-key if the server needs none"
        );
        Ok(Self(Some(key)))
    }

    /// The key itself, for the header.
    pub fn expose(&self) -> Option<&str> {
        self.0.as_deref()
    }

    /// `text` without the key, and without what looks like one: servers quote keys in their errors.
    pub fn redact(&self, text: &str) -> String {
        let text = match &self.0 {
            Some(key) => text.replace(key, "[key]"),
            None => text.to_owned(),
        };
        let secret = |word: &&str| word.len() > 8 && word.trim_start_matches(['\'', '"', '(']).starts_with("sk-");
        match text.split_whitespace().any(|word| secret(&word)) {
            true => {
                text.split(' ').map(|word| if secret(&word) { "[key]" } else { word }).collect::<Vec<_>>().join(" ")
            }
            false => text,
        }
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "[key]" } else { "[no key]" })
    }
}

fn private(path: &Path) -> Result<String> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let metadata = fs::metadata(path).with_context(|| format!("{} cannot be read", path.display()))?;
        let mode = metadata.permissions().mode() & 0o777;
        ensure!(
            mode & 0o077 == 0,
            "{}: others may read this key (mode {mode:04o}); run `chmod 600` on it, and better, get a new key",
            path.display()
        );
    }
    fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_never_shows() {
        let key = Key(Some("secret-123".into()));
        assert_eq!(format!("{key:?}"), "[key]");
        assert_eq!(key.redact("Bearer secret-123 or 'sk-abc****xyz'. is wrong"), "Bearer [key] or [key] is wrong");
    }
}
