//! The site: with and without a server, old and new.

use anyhow::Result;
use fantoccini::{Locator, elements::Element};

use super::Page;
use crate::{Server, Site};

impl Page {
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

    /// Every path that anything here asked the server for so far.
    pub fn requests(&self) -> Vec<String> {
        self.server.as_ref().map(Server::requests).unwrap_or_default()
    }
}
