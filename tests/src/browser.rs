use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{Ipv4Addr, TcpListener, TcpStream},
    process::{Child, ChildStdout, Command, Stdio},
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::Duration,
};

use anyhow::{Context as _, Result, bail};
use fantoccini::{Client, ClientBuilder, wd::WebDriverCompatibleCommand};
use http::Method;
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Map, Value, json};
use tempfile::TempDir;
use url::{ParseError, Url};

/// Where Chromium reports to on its own account, whatever page it shows and whatever it is told.
const CHROMIUM_ITSELF: [&str; 4] = [".duckduckgo.com", ".google.com", ".googleapis.com", ".gvt1.com"];

/// The size of the browser's window.
#[derive(Clone, Copy, Debug)]
pub enum Screen {
    /// A small telephone, held upright.
    Phone,
    /// A laptop.
    Desktop,
}

/// Headless Chromium with an empty profile, driven through a chromedriver of its own.
///
/// Whatever it asks of another machine goes to a proxy that answers nothing and remembers it.
#[derive(Debug)]
pub struct Browser {
    client: Client,
    outside: Outside,
    // Dropped in this order: the driver closes Chromium, which then leaves its profile alone.
    _driver: Driver,
    _profile: TempDir,
}

impl Browser {
    /// Starts a browser.
    pub async fn start(screen: Screen) -> Result<Self> {
        let driver = Driver::start()?;
        let profile = TempDir::with_prefix("undertone-profile-")?;
        let outside = Outside::start()?;
        let arguments = [
            format!("--user-data-dir={}", profile.path().display()),
            format!("--proxy-server=127.0.0.1:{}", outside.port),
        ];
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities(screen, &arguments)?)
            .connect(&driver.url())
            .await
            .context("chromedriver starts no browser")?;
        Ok(Self { client, outside, _driver: driver, _profile: profile })
    }

    /// The WebDriver session.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The errors on the page's console since the last call, refusals by its content security
    /// policy among them.
    pub async fn console_errors(&self) -> Result<Vec<String>> {
        let entries = self.client.issue_cmd(ConsoleLog).await?;
        let entries = entries.as_array().context("chromedriver has no console log")?;
        Ok(entries
            .iter()
            .filter(|entry| entry["level"] == "SEVERE")
            .map(|entry| entry["message"].as_str().unwrap_or_default().to_owned())
            .collect())
    }

    /// Has Chromium run a script in every page to come, before anything else.
    pub async fn before_each_page(&self, script: &str) -> Result<()> {
        let parameters = json!({ "source": script });
        self.client.issue_cmd(DevTools { command: "Page.addScriptToEvaluateOnNewDocument", parameters }).await?;
        Ok(())
    }

    /// How long a script may take, in milliseconds.
    pub async fn set_patience(&self, milliseconds: u64) -> Result<()> {
        let script = Some(Duration::from_millis(milliseconds));
        let timeouts = fantoccini::wd::TimeoutConfiguration::new(script, None, None);
        Ok(self.client.update_timeouts(timeouts).await?)
    }

    /// Has the window look as large as this, on a telephone or not.
    pub async fn set_size(&self, width: u32, height: u32, phone: bool) -> Result<()> {
        let ratio = if phone { 2 } else { 1 };
        let parameters = json!({ "width": width, "height": height, "deviceScaleFactor": ratio, "mobile": phone });
        self.client.issue_cmd(DevTools { command: "Emulation.setDeviceMetricsOverride", parameters }).await?;
        Ok(())
    }

    /// Has the system prefer `light` or `dark` colours.
    pub async fn set_colours(&self, theme: &str) -> Result<()> {
        let parameters = json!({ "features": [{ "name": "prefers-color-scheme", "value": theme }] });
        self.client.issue_cmd(DevTools { command: "Emulation.setEmulatedMedia", parameters }).await?;
        Ok(())
    }

    /// Lets the tab's process crash.
    pub async fn kill_tab(&self) {
        // The dead answer nothing.
        let _ = self.client.issue_cmd(DevTools { command: "Page.crash", parameters: json!({}) }).await;
    }

    /// The requests to other machines so far, but for Chromium's own.
    pub fn outside_requests(&self) -> Vec<String> {
        let requests = self.outside.requests.lock().unwrap_or_else(PoisonError::into_inner);
        requests.iter().filter(|line| !is_chromium_itself(line)).cloned().collect()
    }
}

/// Whether this is the first line of a request of Chromium's own: `GET http://host/path`, or
/// `CONNECT host:443`.
fn is_chromium_itself(line: &str) -> bool {
    let address = line.split(' ').nth(1).unwrap_or_default().trim_start_matches("http://");
    let host = address.split([':', '/']).next().unwrap_or_default();
    CHROMIUM_ITSELF.iter().any(|domain| host.ends_with(domain))
}

fn capabilities(screen: Screen, arguments: &[String]) -> Result<Map<String, Value>> {
    let mut capabilities: Map<String, Value> = serde_json::from_str(include_str!("../webdriver.json"))?;
    let options = &mut capabilities["goog:chromeOptions"];
    match screen {
        // Headless windows cannot be as narrow as a telephone; an emulated one can.
        Screen::Phone => {
            options["mobileEmulation"] = json!({ "deviceMetrics": { "width": 360, "height": 740, "pixelRatio": 2.0 } });
        }
        Screen::Desktop => append(&mut options["args"], "--window-size=1280,900"),
    }
    for argument in arguments {
        append(&mut options["args"], argument);
    }
    capabilities.insert("goog:loggingPrefs".to_owned(), json!({ "browser": "ALL" }));
    Ok(capabilities)
}

fn append(list: &mut Value, item: &str) {
    if let Some(list) = list.as_array_mut() {
        list.push(json!(item));
    }
}

/// Chromedriver's own command: what the page wrote to its console.
#[derive(Debug)]
struct ConsoleLog;

impl WebDriverCompatibleCommand for ConsoleLog {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!("session/{}/se/log", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(json!({ "type": "browser" }).to_string()))
    }
}

/// Chromedriver's way to the commands of Chromium's developer tools.
#[derive(Debug)]
struct DevTools {
    command: &'static str,
    parameters: Value,
}

impl WebDriverCompatibleCommand for DevTools {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!("session/{}/goog/cdp/execute", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(json!({ "cmd": self.command, "params": self.parameters }).to_string()))
    }
}

/// A running chromedriver.
#[derive(Debug)]
struct Driver {
    process: Child,
    port: u16,
    // Chromedriver must be able to write on.
    _output: BufReader<ChildStdout>,
}

impl Driver {
    /// Chromedriver picks a port for one protocol and then wants the same for the other; where that is taken, by any
    /// of the tests beside this one, it gives up, and the next try picks another.
    fn start() -> Result<Self> {
        const TRIES: usize = 5;
        let mut outcome = Self::start_once();
        for _ in 1..TRIES {
            if outcome.is_ok() {
                break;
            }
            outcome = Self::start_once();
        }
        outcome
    }

    fn start_once() -> Result<Self> {
        let mut process = Command::new("chromedriver")
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("chromedriver does not start: `make test` installs it")?;
        let mut output = BufReader::new(process.stdout.take().context("no output")?);
        let mut said = String::new();
        loop {
            let mut line = String::new();
            if output.read_line(&mut line)? == 0 {
                let status = process.wait()?;
                bail!("chromedriver ended without a port ({status}), saying: {said}");
            }
            said.push_str(&line);
            // "ChromeDriver was started successfully on port 34567."
            let port = line
                .split_once("successfully on port ")
                .and_then(|(_, port)| port.trim_end().trim_end_matches('.').parse().ok());
            if let Some(port) = port {
                return Ok(Self { process, port, _output: output });
            }
        }
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Asks for an orderly end, which closes the browser too.
    fn shut_down(&self) -> std::io::Result<()> {
        let mut connection = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port))?;
        connection.set_read_timeout(Some(Duration::from_secs(10)))?;
        connection.write_all(b"GET /shutdown HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")?;
        connection.read(&mut [0; 1]).map(|_| ())
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        if self.shut_down().is_err() {
            // It is beyond reason; nothing more can be done about a failure here.
            let _ = self.process.kill();
        }
        let _ = self.process.wait();
    }
}

/// A proxy that refuses everything and remembers what it was asked for.
#[derive(Debug)]
struct Outside {
    port: u16,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Outside {
    fn start() -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = listener.local_addr()?.port();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let mut line = String::new();
                // A connection that says nothing asked for nothing.
                if BufReader::new(connection).read_line(&mut line).is_ok_and(|bytes| bytes > 0) {
                    let line = line.trim_end().to_owned();
                    seen.lock().unwrap_or_else(PoisonError::into_inner).push(line);
                }
            }
        });
        Ok(Self { port, requests })
    }
}
