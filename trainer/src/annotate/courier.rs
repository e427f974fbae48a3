//! Carries requests to the server and answers back, through rate limits, outages and time-outs.

use std::cell::Cell;
use std::env;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::Poll;
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, ensure};
use async_openai::Client;
use async_openai::config::{OPENAI_API_BASE, OpenAIConfig};
use async_openai::error::OpenAIError;
use async_openai::middleware::HttpRequestFactory;
use clap::Args;
use http::HeaderMap;
use http::header::RETRY_AFTER;
use rand::Rng;
use serde_json::Value;
use tokio::sync::watch;

use super::key::{Key, KeyArgs};
use super::pacer::Pacer;

/// Where the server is, and how patient to be with it.
#[derive(Debug, Args)]
pub struct ServerArgs {
    /// The server, if not OpenAI's or that of OPENAI_BASE_URL: any that speaks its language (vLLM, Ollama, llama.cpp,
    /// Azure)
    #[arg(long, value_name = "URL")]
    pub base_url: Option<String>,
    /// The version of the API in each request's query, which some Azure deployments want
    #[arg(long, value_name = "VERSION")]
    pub api_version: Option<String>,
    #[command(flatten)]
    pub key: KeyArgs,
    /// At most so many requests a minute, whatever the server allows
    #[arg(long, value_name = "N")]
    pub requests_per_minute: Option<f64>,
    /// At most so many tokens a minute, whatever the server allows
    #[arg(long, value_name = "N")]
    pub tokens_per_minute: Option<f64>,
    /// How often to try again when the server is busy, fails or hangs
    #[arg(long, default_value_t = 8, value_name = "N")]
    pub retries: u32,
    /// How long to wait for an answer, in seconds
    #[arg(long, default_value_t = 120.0, value_name = "SECONDS")]
    pub timeout: f64,
    /// The wait before the first further try, in seconds; each next one is twice as long, up to a minute
    #[arg(long, default_value_t = 1.0, value_name = "SECONDS", hide = true)]
    pub backoff: f64,
}

/// The longest wait that backing off comes to.
const LONGEST_BACKOFF: Duration = Duration::from_secs(60);
/// A server that asks for a longer wait than this is done for today.
const LONGEST_PAUSE: Duration = Duration::from_secs(600);
/// A batch's file may be 200 MB.
const UPLOAD_TIMEOUT: Duration = Duration::from_secs(1800);

/// The way to the server.
pub struct Courier {
    client: Client<OpenAIConfig>,
    key: Key,
    retries: u32,
    backoff: Duration,
    /// Further tries so far.
    tries_again: Cell<u64>,
    closing: watch::Sender<bool>,
}

/// What came of a request.
pub struct Delivered<T> {
    pub result: Result<T, Failure>,
    /// How many attempts went out whose answer did not come whole; the server may have charged for them.
    pub lost: u64,
}

/// Why there is no answer.
#[derive(Debug, Clone)]
pub enum Failure {
    /// The server will not do this, however often it is asked.
    Rejected { status: u16, code: String, message: String },
    /// It failed as often as it may.
    Exhausted { message: String, perhaps_done: bool },
    /// No request will get through.
    Hopeless(String),
    /// The run is being ended.
    Stopped,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rejected { status: 404, message, .. } => {
                write!(f, "the server does not know the model or the address ({message}); see --model and --base-url")
            }
            Self::Rejected { status, message, .. } => write!(f, "the server rejects the request ({status}): {message}"),
            Self::Exhausted { message, .. } | Self::Hopeless(message) => f.write_str(message),
            Self::Stopped => f.write_str("the run was ended"),
        }
    }
}

impl Courier {
    pub fn new(args: &ServerArgs) -> Result<Self> {
        let named = args.base_url.clone().or_else(|| env::var("OPENAI_BASE_URL").ok().filter(|url| !url.is_empty()));
        let base_url = named.as_deref().unwrap_or(OPENAI_API_BASE).trim_end_matches('/');
        ensure!(
            base_url.starts_with("https://") || base_url.starts_with("http://"),
            "--base-url is '{base_url}'; it must begin with https:// or http://, such as http://localhost:11434/v1"
        );
        for (flag, value) in [("timeout", args.timeout), ("backoff", args.backoff)] {
            ensure!(value > 0.0 && value < 1e6, "--{flag} is {value}; it must be a number of seconds above 0");
        }
        for (flag, value) in
            [("requests-per-minute", args.requests_per_minute), ("tokens-per-minute", args.tokens_per_minute)]
        {
            ensure!(value.is_none_or(|v| v > 0.0 && v.is_finite()), "--{flag} must be above 0");
        }
        // async-openai reads these itself, and takes for granted that they fit into a header.
        for name in ["OPENAI_ORG_ID", "OPENAI_PROJECT_ID"] {
            let fits = env::var(name).is_ok_and(|v| !v.bytes().all(|b| b.is_ascii_graphic()));
            ensure!(!fits, "{name} has characters that no header may have; mend it or unset it");
        }
        let key = Key::find(&args.key, base_url)?;
        let sent = key.expose().unwrap_or("none");
        let mut config = OpenAIConfig::new().with_api_base(base_url).with_api_key(sent);
        if base_url.contains(".azure.com") || args.api_version.is_some() {
            config = config.with_header("api-key", sent).context("the key does not fit into a header")?;
        }
        // Ring is in the build already, for the base weights. An error means that it was chosen before.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            .timeout(Duration::from_secs_f64(args.timeout))
            .connect_timeout(Duration::from_secs_f64(args.timeout.min(20.0)))
            .build()
            .context("no connection can be made")?;
        let closing = watch::Sender::new(false);
        let wire = Wire {
            http: http.clone(),
            pacer: Pacer::new(args.requests_per_minute, args.tokens_per_minute),
            api_version: args.api_version.clone(),
            closing: closing.subscribe(),
        };
        Ok(Self {
            client: Client::build(http, config).with_http_service(wire),
            key,
            retries: args.retries,
            backoff: Duration::from_secs_f64(args.backoff),
            tries_again: Cell::new(0),
            closing,
        })
    }

    pub fn client(&self) -> &Client<OpenAIConfig> {
        &self.client
    }

    /// How often something was tried again so far.
    pub fn tries_again(&self) -> u64 {
        self.tries_again.get()
    }

    /// Sends nothing any more; what is under way comes to its end.
    pub fn close(&self) {
        self.closing.send_replace(true);
    }

    /// Asks for a chat completion.
    pub async fn ask(&self, body: &Value) -> Delivered<Value> {
        self.deliver(true, || async {
            let reply: Value = self.client.chat().create_byot(body).await?;
            match reply["choices"].as_array() {
                Some(choices) if !choices.is_empty() => Ok(reply),
                // Some servers send errors of those behind them as successes.
                _ => Err(Setback::plain(format!("a reply without an answer ({})", cut(&reply.to_string()))).into()),
            }
        })
        .await
    }

    /// Calls until it is answered. What is not `repeatable` is done again only if it certainly was not done before.
    pub async fn deliver<T, F>(&self, repeatable: bool, call: impl Fn() -> F) -> Delivered<T>
    where
        F: Future<Output = Result<T, OpenAIError>>,
    {
        let mut lost = 0;
        let mut closing = self.closing.subscribe();
        for attempt in 0u32.. {
            if *closing.borrow_and_update() {
                return Delivered { result: Err(Failure::Stopped), lost };
            }
            let setback = match call().await {
                Ok(value) => return Delivered { result: Ok(value), lost },
                Err(error) => Setback::of(error),
            };
            if setback.stopped {
                return Delivered { result: Err(Failure::Stopped), lost };
            }
            lost += u64::from(setback.perhaps_done);
            // Behind a server's error, what was to be done once may have been done.
            let perhaps_done = setback.perhaps_done || setback.status.is_some_and(|s| s == 408 || s >= 500);
            let message = self.key.redact(&setback.message);
            let failure = match setback.status {
                _ if setback.hopeless => Some(Failure::Hopeless(message.clone())),
                Some(401 | 403) => Some(Failure::Hopeless(format!("the server does not accept the key: {message}"))),
                Some(429) if ["insufficient_quota", "billing_hard_limit_reached"].contains(&setback.code.as_str()) => {
                    Some(Failure::Hopeless(format!("the account has no credit left: {message}")))
                }
                Some(status) if status != 408 && status != 409 && status != 429 && status < 500 => {
                    Some(Failure::Rejected { status, code: setback.code.clone(), message: message.clone() })
                }
                _ => None,
            };
            if let Some(failure) = failure {
                return Delivered { result: Err(failure), lost };
            }
            if let Some(pause) = setback.retry_after.filter(|&pause| pause > LONGEST_PAUSE) {
                let message = format!("the server asks to wait {} minutes: {message}", pause.as_secs().div_ceil(60));
                return Delivered { result: Err(Failure::Hopeless(message)), lost };
            }
            if attempt >= self.retries || (perhaps_done && !repeatable) {
                let message = format!("the server failed {} times, at last: {message}", attempt + 1);
                return Delivered { result: Err(Failure::Exhausted { message, perhaps_done }), lost };
            }
            self.tries_again.set(self.tries_again.get() + 1);
            let backoff = self.backoff.saturating_mul(2u32.saturating_pow(attempt)).min(LONGEST_BACKOFF);
            // Never before the server said, and not all at once.
            let jitter = rand::rng().random_range(0.5..1.0);
            let wait = match setback.retry_after {
                Some(pause) => pause + self.backoff.mul_f64(jitter / 4.0),
                None => backoff.mul_f64(jitter),
            };
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                _ = closing.changed() => {}
            }
        }
        Delivered { result: Err(Failure::Stopped), lost }
    }
}

/// One attempt that came to nothing.
#[derive(Debug, Default)]
struct Setback {
    status: Option<u16>,
    code: String,
    message: String,
    retry_after: Option<Duration>,
    /// It went out, and the answer did not come whole.
    perhaps_done: bool,
    /// No attempt can do better.
    hopeless: bool,
    stopped: bool,
}

impl fmt::Display for Setback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Setback {}

impl From<Setback> for OpenAIError {
    fn from(setback: Setback) -> Self {
        Self::Boxed(Box::new(setback))
    }
}

impl Setback {
    /// The answer came, and is none.
    fn plain(message: String) -> Self {
        Self { message, ..Self::default() }
    }

    fn of(error: OpenAIError) -> Self {
        match error {
            OpenAIError::Boxed(error) => match error.downcast::<Self>() {
                Ok(setback) => *setback,
                Err(error) => Self { message: error.to_string(), hopeless: true, ..Self::default() },
            },
            OpenAIError::Reqwest(error) => Self::of_transport(error),
            OpenAIError::JSONDeserialize(error, content) => Self {
                message: format!("a reply that is no JSON ({error}): {}", cut(&content)),
                perhaps_done: true,
                ..Self::default()
            },
            error => Self { message: error.to_string(), hopeless: true, ..Self::default() },
        }
    }

    fn of_transport(error: reqwest::Error) -> Self {
        // Addresses may hold secrets, and the reader knows the address.
        let error = error.without_url();
        let unsent = error.is_connect() || error.is_builder();
        let told = match () {
            () if error.is_timeout() && !unsent => "no answer in time".to_owned(),
            () if error.is_connect() => format!("no connection to the server ({})", root(&error)),
            () => format!("the connection broke off ({})", root(&error)),
        };
        Self { message: told, perhaps_done: !unsent, hopeless: error.is_builder(), ..Self::default() }
    }

    /// An answer with an error's status.
    fn of_status(status: u16, headers: &HeaderMap, body: &[u8]) -> Self {
        let body: Value =
            serde_json::from_slice(body).unwrap_or_else(|_| Value::String(String::from_utf8_lossy(body).into_owned()));
        let error = match &body["error"] {
            Value::Null => &body,
            error => error,
        };
        let message = error["message"].as_str().or(error.as_str()).map_or_else(|| error.to_string(), str::to_owned);
        let message = if message.trim().is_empty() { "no reason given".to_owned() } else { message };
        let code = [&error["code"], &error["type"]].into_iter().find_map(Value::as_str).unwrap_or_default();
        Self {
            status: Some(status),
            code: code.to_owned(),
            message: format!("{} (status {status})", cut(&message)),
            retry_after: retry_after(headers),
            ..Self::default()
        }
    }
}

/// The last cause, which says most.
fn root(error: &dyn std::error::Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

/// The beginning, on one line.
fn cut(text: &str) -> String {
    let text: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match text.char_indices().nth(300) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text,
    }
}

/// Milliseconds, seconds or a date.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    if let Some(milliseconds) = text("retry-after-ms").and_then(|t| t.parse::<f64>().ok()) {
        return Duration::try_from_secs_f64(milliseconds / 1000.0).ok();
    }
    let value = text(RETRY_AFTER.as_str())?;
    match value.parse::<f64>() {
        Ok(seconds) => Duration::try_from_secs_f64(seconds).ok(),
        Err(_) => {
            let date = httpdate::parse_http_date(value).ok()?;
            Some(date.duration_since(SystemTime::now()).unwrap_or_default())
        }
    }
}

/// One attempt: waits for the rate limits, sends, heeds the headers, and reads the answer to its end, so that one that
/// breaks off is known as such.
#[derive(Clone)]
struct Wire {
    http: reqwest::Client,
    pacer: Pacer,
    api_version: Option<String>,
    closing: watch::Receiver<bool>,
}

impl Wire {
    async fn attempt(mut self, factory: HttpRequestFactory) -> Result<reqwest::Response, OpenAIError> {
        let mut request = factory.build().await?;
        if let Some(version) = &self.api_version {
            request.url_mut().query_pairs_mut().append_pair("api-version", version);
        }
        if request.url().path().ends_with("/files") || request.url().path().ends_with("/content") {
            *request.timeout_mut() = Some(UPLOAD_TIMEOUT);
        }
        // Rather too many than too few: the headers put it right.
        let bytes = request.body().and_then(|body| body.as_bytes()).map_or(0, <[u8]>::len);
        let tokens = if request.url().path().ends_with("/chat/completions") { bytes as f64 / 3.0 } else { 0.0 };
        tokio::select! {
            () = self.pacer.admit(tokens) => {}
            _ = self.closing.wait_for(|closing| *closing) => {
                return Err(Setback { stopped: true, ..Setback::default() }.into());
            }
        }
        let answer = self.http.execute(request).await;
        self.pacer.settle(tokens);
        let answer = answer.map_err(Setback::of_transport)?;
        self.pacer.observe(answer.headers());
        let (status, headers) = (answer.status(), answer.headers().clone());
        let body = answer.bytes().await.map_err(Setback::of_transport);
        if !status.is_success() {
            let setback = Setback::of_status(status.as_u16(), &headers, &body.unwrap_or_default());
            if let (429 | 503, Some(pause)) = (status.as_u16(), setback.retry_after) {
                self.pacer.close(pause.min(LONGEST_PAUSE));
            }
            return Err(setback.into());
        }
        let mut whole = http::Response::new(body?);
        *whole.status_mut() = status;
        *whole.headers_mut() = headers;
        Ok(whole.into())
    }
}

impl tower::Service<HttpRequestFactory> for Wire {
    type Response = reqwest::Response;
    type Error = OpenAIError;
    type Future = Pin<Box<dyn Future<Output = Result<reqwest::Response, OpenAIError>> + Send>>;

    fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> Poll<Result<(), OpenAIError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, factory: HttpRequestFactory) -> Self::Future {
        Box::pin(self.clone().attempt(factory))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_as_servers_ask_for_them() {
        let asked = |name: &'static str, value: &str| {
            retry_after(&HeaderMap::from_iter([(http::HeaderName::from_static(name), value.parse().unwrap())]))
        };
        assert_eq!(asked("retry-after", "2"), Some(Duration::from_secs(2)));
        assert_eq!(asked("retry-after", "0.5"), Some(Duration::from_millis(500)));
        assert_eq!(asked("retry-after-ms", "1500"), Some(Duration::from_millis(1500)));
        let soon = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(30));
        assert!(asked("retry-after", &soon).unwrap() > Duration::from_secs(25));
        assert_eq!(asked("retry-after", "Thu, 01 Jan 1970 00:00:00 GMT"), Some(Duration::ZERO));
        assert_eq!(asked("retry-after", "later"), None);
    }
}
