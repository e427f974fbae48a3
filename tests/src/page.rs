use std::{
    env,
    path::PathBuf,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail, ensure};
use fantoccini::{Client, Locator, elements::Element, key::Key};
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
/// Tests speak to it in a person's verbs; only this file knows where things are on the page.
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

    /// Writes into the text box instead of what is there.
    pub async fn write(&self, text: &str) -> Result<()> {
        self.replace(&self.find("text-input").await?, text).await
    }

    /// Puts a text into the text box at once, as pasting does.
    pub async fn paste(&self, text: &str) -> Result<()> {
        self.set_value("text-input", text).await
    }

    /// What is in the text box.
    pub async fn text(&self) -> Result<String> {
        Ok(self.find("text-input").await?.prop("value").await?.unwrap_or_default())
    }

    /// The result of the text box.
    pub async fn tags(&self) -> Result<Vec<Tag>> {
        self.ask(
            "return [...document.querySelectorAll('[data-testid=tags] [data-testid=tag]')].map(tag => ({
                label: tag.dataset.label,
                score: Number(tag.dataset.score),
                on: tag.dataset.on === 'true',
            }));",
        )
        .await
    }

    /// Valence and arousal, as numbers.
    pub async fn affect(&self) -> Result<[f32; 2]> {
        self.ask(
            "const affect = document.querySelector('[data-testid=affect]');
            return [Number(affect?.dataset.valence ?? 0), Number(affect?.dataset.arousal ?? 0)];",
        )
        .await
    }

    /// Waits until the result is complete and as it should be, and returns it.
    pub async fn tags_when(&self, what: &str, is_so: impl Fn(&[Tag]) -> bool) -> Result<Vec<Tag>> {
        self.wait(what, async || {
            if self.is_busy().await? {
                return Ok(None);
            }
            let tags = self.tags().await?;
            Ok(is_so(&tags).then_some(tags))
        })
        .await
    }

    /// Whether the result is still that of an earlier text or earlier labels.
    async fn is_busy(&self) -> Result<bool> {
        self.ask("return document.querySelector('[data-testid=tags]')?.ariaBusy === 'true';").await
    }

    /// The names in the label list.
    pub async fn labels(&self) -> Result<Vec<String>> {
        self.ask(
            "return [...document.querySelectorAll('[data-testid=label-row] [data-testid=label-name]')]
                .map(name => name.value);",
        )
        .await
    }

    /// Adds a label.
    pub async fn add_label(&self, name: &str) -> Result<()> {
        self.replace(&self.find("label-add").await?, name).await?;
        self.press(&Key::Enter).await
    }

    /// Renames a label.
    pub async fn rename_label(&self, name: &str, new: &str) -> Result<()> {
        let input = self.in_row(name, "label-name").await?;
        self.replace(&input, new).await?;
        self.press(&Key::Enter).await
    }

    /// Removes a label.
    pub async fn remove_label(&self, name: &str) -> Result<()> {
        Ok(self.in_row(name, "label-remove").await?.click().await?)
    }

    /// Starts from another set of labels, by its name.
    pub async fn choose_preset(&self, name: &str) -> Result<()> {
        let preset = self.find("preset").await?;
        // Not select_by_label, which wants a text without spaces around it.
        let option = preset
            .find(Locator::XPath(&format!(".//option[contains(., '{name}')]")))
            .await
            .with_context(|| format!("there is no preset {name}"))?;
        Ok(option.click().await?)
    }

    /// Chooses `multi` or `single`.
    pub async fn choose_mode(&self, mode: &str) -> Result<()> {
        self.set_value("mode", mode).await
    }

    /// Sets the global threshold.
    pub async fn set_threshold(&self, threshold: f32) -> Result<()> {
        self.set_value("threshold", &threshold.to_string()).await
    }

    /// Opens a file of texts.
    pub async fn open_file(&self, name: &str, content: &str) -> Result<()> {
        let field = self.find("import-file").await?;
        self.client()
            .execute(
                "const [field, name, content] = arguments;
                const chosen = new DataTransfer();
                chosen.items.add(new File([content], name));
                field.files = chosen.files;
                field.dispatchEvent(new Event('change', { bubbles: true }));",
                vec![serde_json::to_value(field)?, json!(name), json!(content)],
            )
            .await?;
        Ok(())
    }

    /// The rows of the file that are in view: their ids, texts and tags.
    pub async fn rows(&self) -> Result<Vec<(String, String, Vec<String>)>> {
        self.ask(
            "return [...document.querySelectorAll('[data-testid=table] [data-testid=row]')].map(row => [
                row.dataset.id,
                row.querySelector('.text').textContent.trim(),
                [...row.querySelectorAll('.chip')].map(chip => chip.textContent.trim()),
            ]);",
        )
        .await
    }

    /// Waits until the file is read to its end.
    pub async fn until_read(&self) -> Result<()> {
        self.wait("the file is read", async || {
            let read = self.ask::<bool>(
                "return Boolean(document.querySelector('[data-testid=table]'))
                    && !document.querySelector('[data-testid=progress]');",
            );
            Ok(read.await?.then_some(()))
        })
        .await
    }

    /// What the button of this test hook gives a person to keep.
    pub async fn export(&self, testid: &str) -> Result<String> {
        let button = self.find(testid).await?;
        let content = self
            .client()
            .execute(
                "const [button] = arguments;
                const create = URL.createObjectURL;
                let kept;
                URL.createObjectURL = blob => { kept = blob.text(); return create.call(URL, blob); };
                button.click();
                URL.createObjectURL = create;
                return kept;",
                vec![serde_json::to_value(button)?],
            )
            .await?;
        Ok(content.as_str().context("nothing was exported")?.to_owned())
    }

    /// Clicks on what has this test hook.
    pub async fn click(&self, testid: &str) -> Result<()> {
        Ok(self.find(testid).await?.click().await?)
    }

    /// Sets a control as a person would who drags or chooses: its value, and the events.
    async fn set_value(&self, testid: &str, value: &str) -> Result<()> {
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

    /// Opens the page anew, as the reload button does.
    pub async fn reload(&self) -> Result<()> {
        Ok(self.client().refresh().await?)
    }

    /// Waits until everything that is needed without a network is on the device.
    pub async fn until_kept_offline(&self) -> Result<()> {
        self.wait("the service worker is active", async || {
            let active: bool = self
                .ask("return navigator.serviceWorker.getRegistration().then(found => Boolean(found?.active));")
                .await?;
            Ok(active.then_some(()))
        })
        .await?;
        self.wait("the model is kept", async || {
            // Of a model that is kept, the manifest is kept last.
            let kept: bool = self
                .ask(
                    "return caches.keys()
                       .then(names => names.filter(name => name.startsWith('undertone-model ')))
                       .then(names => Promise.all(names.map(async name => (await caches.open(name)).keys())))
                       .then(files => files.flat().some(({ url }) => url.endsWith('manifest.json')));",
                )
                .await?;
            Ok(kept.then_some(()))
        })
        .await
    }

    /// The button that starts a new version of the app, once there is one.
    pub async fn update_offer(&self) -> Result<Option<Element>> {
        let offers = self.client().find_all(Locator::Css(".banner[data-state=update] button")).await?;
        Ok(offers.into_iter().next())
    }

    /// Takes the server away, as a tunnel does.
    pub fn go_offline(&mut self) {
        self.server = None;
    }

    /// Serves again at the same address, perhaps another site.
    pub fn go_online(&mut self, site: Option<Site>) -> Result<()> {
        if let Some(site) = site {
            self.site = site;
        }
        self.server = Some(Server::start(&self.site, self.port)?);
        Ok(())
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

    /// A part of the row of a label.
    async fn in_row(&self, name: &str, testid: &str) -> Result<Element> {
        for row in self.client().find_all(Locator::Css("[data-testid=label-row]")).await? {
            let input = row.find(Locator::Css("[data-testid=label-name]")).await?;
            if input.prop("value").await?.as_deref() == Some(name) {
                return Ok(row.find(Locator::Css(&format!("[data-testid={testid}]"))).await?);
            }
        }
        bail!("the label list has no {name}")
    }

    /// Selects everything in a field and types over it.
    async fn replace(&self, field: &Element, text: &str) -> Result<()> {
        field.click().await?;
        let select_all = Key::Control + "a";
        field.send_keys(&select_all).await?;
        field.send_keys(text).await?;
        Ok(())
    }

    /// Presses a key in the field that has the focus.
    async fn press(&self, key: &Key) -> Result<()> {
        let key = char::from(*key).to_string();
        Ok(self.client().active_element().await?.send_keys(&key).await?)
    }
}
