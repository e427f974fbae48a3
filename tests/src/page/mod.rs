//! The app as a person sees it, a file for each thing that they do.

mod documents;
mod editor;
mod explain;
mod file;
mod granularity;
mod labels;
mod site;

use std::{
    env,
    path::PathBuf,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail, ensure};
use fantoccini::{
    Client, Locator,
    actions::{InputSource as _, KeyAction, KeyActions},
    elements::Element,
    key::Key,
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::json;
use tokio::time::sleep;

use crate::{Browser, Screen, Server, Site, fixture};

/// How long anything on the page may take before a test gives up.
const PATIENCE: Duration = Duration::from_secs(60);

/// A label in the result of the text box.
#[derive(Clone, Debug, Deserialize, PartialEq)]
pub struct Tag {
    /// The label's name.
    pub label: String,
    /// Its probability.
    pub score: f32,
    /// Whether the text has it.
    pub on: bool,
}

/// The app as a person sees it, served on this machine.
///
/// Tests speak to it in a person's verbs; only this folder knows where things are on the page.
#[derive(Debug)]
pub struct Page {
    browser: Browser,
    site: Site,
    server: Option<Server>,
    port: u16,
}

impl Page {
    /// The built app with the tiny student of the tests.
    pub fn site() -> Site {
        Site::new(Self::dist()).with_model(fixture::folder())
    }

    /// Where the built app is: `dist/`, or what the variable `UNDERTONE_DIST` names.
    pub fn dist() -> PathBuf {
        env::var_os("UNDERTONE_DIST")
            .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../dist")), PathBuf::from)
    }

    /// Opens the app as [`Page::site`] on a laptop and waits until it is ready.
    pub async fn open() -> Result<Self> {
        Self::open_site(Self::site(), Screen::Desktop).await?.until_ready().await
    }

    /// Opens a site, without waiting for anything.
    pub async fn open_site(site: Site, screen: Screen) -> Result<Self> {
        let server = Server::start(&site, 0)?;
        let browser = Browser::start(screen).await?;
        browser.client().goto(&server.url()).await?;
        let port = server.port();
        Ok(Self { browser, site, server: Some(server), port })
    }

    /// Waits until the model is loaded.
    pub async fn until_ready(self) -> Result<Self> {
        self.wait_until_ready().await?;
        Ok(self)
    }

    /// Waits until the model is loaded.
    pub async fn wait_until_ready(&self) -> Result<()> {
        self.wait("the model is loaded", async || {
            let state = self.state().await?;
            ensure!(state != "error", "the page reports {:?}", self.errors().await?);
            Ok((state == "ready" || state == "offline").then_some(()))
        })
        .await
    }

    /// `loading`, `ready`, `offline` or `error`; empty before the page has started.
    pub async fn state(&self) -> Result<String> {
        self.ask("return document.querySelector('[data-testid=status]')?.dataset.state ?? '';").await
    }

    /// What the page tells of errors.
    pub async fn errors(&self) -> Result<Vec<String>> {
        self.ask(
            "return [...document.querySelectorAll('[data-testid=error]')]
                .map(error => error.textContent.trim());",
        )
        .await
    }

    /// Clicks on what has this test hook, in the middle of the window: at its edge the navigation of a phone may be over it.
    pub async fn click(&self, testid: &str) -> Result<()> {
        let element = self.find(testid).await?;
        let script = "arguments[0].scrollIntoView({ block: 'center', behavior: 'instant' });";
        self.client().execute(script, vec![serde_json::to_value(&element)?]).await?;
        Ok(element.click().await?)
    }

    /// Sets a control as a person would who drags or chooses: its value, and the events.
    pub async fn set_value(&self, testid: &str, value: &str) -> Result<()> {
        let element = self.find(testid).await?;
        self.client()
            .execute(
                "const [control, value] = arguments;
                control.value = value;
                control.dispatchEvent(new Event('input', { bubbles: true }));
                control.dispatchEvent(new Event('change', { bubbles: true }));",
                vec![serde_json::to_value(element)?, json!(value)],
            )
            .await?;
        Ok(())
    }

    /// Follows a link of the navigation: `Text`, `File` or `Granularity`.
    pub async fn go_to(&self, page: &str) -> Result<()> {
        let here: String = self.ask("return document.querySelector('.page').dataset.page;").await?;
        if here != page {
            let link = self.client().find(Locator::XPath(&format!("//nav//a[contains(., '{page}')]"))).await?;
            link.click().await?;
        }
        Ok(())
    }

    /// Opens another tab with the app and looks at it. Returns the tab that was open.
    pub async fn open_tab(&self) -> Result<fantoccini::wd::WindowHandle> {
        let here = self.client().window().await?;
        let tab = self.client().new_window(true).await?;
        self.client().switch_to_window(tab.handle).await?;
        self.client().goto(&self.url()?).await?;
        Ok(here)
    }

    /// Kills the tab, and opens the app in another.
    pub async fn crash(&self) -> Result<()> {
        let dead = self.client().window().await?;
        let tab = self.client().new_window(true).await?;
        self.client().switch_to_window(dead).await?;
        self.browser.kill_tab().await;
        self.client().switch_to_window(tab.handle).await?;
        Ok(self.client().goto(&self.url()?).await?)
    }

    /// Runs a script in every page to come, before anything else.
    pub async fn before_each_page(&self, script: &str) -> Result<()> {
        self.browser.before_each_page(script).await
    }

    /// Looks at another tab.
    pub async fn show_tab(&self, tab: fantoccini::wd::WindowHandle) -> Result<()> {
        Ok(self.client().switch_to_window(tab).await?)
    }

    /// Where the app is.
    pub fn url(&self) -> Result<String> {
        Ok(self.server.as_ref().context("there is no server")?.url())
    }

    /// Opens the page anew, as the reload button does.
    pub async fn reload(&self) -> Result<()> {
        Ok(self.client().refresh().await?)
    }

    /// Whether the page is wider than its window.
    pub async fn scrolls_sideways(&self) -> Result<bool> {
        self.ask("return document.documentElement.scrollWidth > window.innerWidth;").await
    }

    /// A picture of the window, as PNG.
    pub async fn picture(&self) -> Result<Vec<u8>> {
        Ok(self.client().screenshot().await?)
    }

    /// The browser that shows it.
    pub fn browser(&self) -> &Browser {
        &self.browser
    }

    /// Fails if the page complained on its console, or asked anything of another machine.
    pub async fn assert_quiet(&self) -> Result<()> {
        let errors = self.browser.console_errors().await?;
        ensure!(errors.is_empty(), "errors on the console: {errors:#?}");
        let requests = self.browser.outside_requests();
        ensure!(requests.is_empty(), "requests to other machines: {requests:#?}");
        Ok(())
    }

    /// Evaluates a script in the page; a promise is awaited.
    pub async fn ask<T: DeserializeOwned>(&self, script: &str) -> Result<T> {
        Ok(serde_json::from_value(self.client().execute(script, Vec::new()).await?)?)
    }

    /// The element of this test hook.
    pub async fn find(&self, testid: &str) -> Result<Element> {
        let selector = format!("[data-testid={testid}]");
        self.client().find(Locator::Css(&selector)).await.with_context(|| format!("the page has no {testid}"))
    }

    /// Waits until `look` finds something.
    pub async fn wait<T>(&self, what: &str, look: impl AsyncFn() -> Result<Option<T>>) -> Result<T> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(found) = look().await? {
                return Ok(found);
            }
            if Instant::now() > deadline {
                bail!(
                    "waited in vain until {what}; state {:?}, tags {:?}, errors {:?}, console {:?}",
                    self.state().await?,
                    self.tags().await?,
                    self.errors().await?,
                    self.browser.console_errors().await?
                );
            }
            sleep(Duration::from_millis(50)).await;
        }
    }

    fn client(&self) -> &Client {
        self.browser.client()
    }

    /// Selects everything in a field and types over it.
    async fn replace(&self, field: &Element, text: &str) -> Result<()> {
        // Not at the window's edge, where something may lie over it.
        let script = "arguments[0].scrollIntoView({ block: 'center', behavior: 'instant' });";
        self.client().execute(script, vec![serde_json::to_value(field)?]).await?;
        field.click().await?;
        let select_all = Key::Control + "a";
        field.send_keys(&select_all).await?;
        field.send_keys(text).await?;
        Ok(())
    }

    /// Types a letter where the focus is.
    pub async fn type_key(&self, letter: &str) -> Result<()> {
        Ok(self.client().active_element().await?.send_keys(letter).await?)
    }

    /// Presses a key where the focus is.
    pub async fn press(&self, key: &Key) -> Result<()> {
        let actions = KeyActions::new("keyboard".into())
            .then(KeyAction::Down { value: char::from(*key) })
            .then(KeyAction::Up { value: char::from(*key) });
        Ok(self.client().perform_actions(actions).await?)
    }
}
