//! The Import Monitoring page in a real browser. These need `chromium` on the
//! path, or a program of its kind that `CHROMIUM` names:
//! `cargo test -p okta-emulator -- --ignored`.

use std::time::Duration;

use okta_emulator::{Effect, Fault, Options};
use serde_json::{Value, json};

use crate::{
    browser::Browser,
    support::{Okta, user, user_with},
};

fn soon(options: &mut Options) {
    options.import_time = Duration::from_millis(10);
}

/// Drives the browser from a thread that may block.
async fn in_browser<T: Send + 'static>(
    url: &str,
    drive: impl FnOnce(&mut Browser) -> T + Send + 'static,
) -> (T, Browser) {
    let url = url.to_owned();
    tokio::task::spawn_blocking(move || {
        let mut browser = Browser::open(&url);
        (drive(&mut browser), browser)
    })
    .await
    .unwrap()
}

async fn then<T: Send + 'static>(
    mut browser: Browser,
    drive: impl FnOnce(&mut Browser) -> T + Send + 'static,
) -> (T, Browser) {
    tokio::task::spawn_blocking(move || (drive(&mut browser), browser))
        .await
        .unwrap()
}

const SAYS_COMPLETED: &str = "document.body.innerText.includes('COMPLETED')";

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium"]
async fn an_import_appears_without_reloading_and_is_announced() {
    let okta = Okta::with(soon).await;
    let ((), browser) = in_browser(&okta.emulator.url(), |browser| {
        browser.wait_for("document.body.innerText.includes('No import yet')");
        browser.value("window.sameDocument = true");
    })
    .await;

    okta.import(&[user("ada")], &[]).await;

    let (said, _browser) = then(browser, |browser| {
        browser.wait_for(SAYS_COMPLETED);
        browser.wait_for("window.sameDocument === true");
        browser.value("document.getElementById('said').textContent")
    })
    .await;
    assert_eq!(said, "1 session, the last COMPLETED; 1 user active.");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium"]
async fn updates_can_be_paused_by_keyboard_and_leave_the_focus_alone() {
    let okta = Okta::with(soon).await;
    let session = okta.import(&[user("ada")], &[]).await;
    let link = format!("document.activeElement.id === 'session-{session}'");
    let is_there = link.clone();

    let ((), browser) = in_browser(&okta.emulator.url(), move |browser| {
        browser.press("Tab");
        browser.wait_for("document.activeElement.className === 'skip'");
        for _ in 0..20 {
            if browser.value(&link) == true {
                break;
            }
            browser.press("Tab");
        }
        browser.wait_for(&link);
    })
    .await;
    okta.import(&[user("bob")], &[]).await;
    let ((), browser) = then(browser, move |browser| {
        browser.wait_for("document.querySelectorAll('tbody tr').length === 2");
        browser.wait_for(&is_there);
        browser.value("document.getElementById('pause').focus()");
        browser.press("Enter");
        browser.wait_for("document.getElementById('pause').innerText === 'Resume updates'");
    })
    .await;

    okta.import(&[user("cy")], &[]).await;
    let (rows, browser) = then(browser, |browser| {
        std::thread::sleep(Duration::from_secs(2));
        browser.value("document.querySelectorAll('tbody tr').length")
    })
    .await;
    assert_eq!(rows, 2, "paused");
    then(browser, |browser| {
        browser.press("Enter");
        browser.wait_for("document.querySelectorAll('tbody tr').length === 3");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium"]
async fn a_person_finds_a_user_by_keyboard() {
    let okta = Okta::with(soon).await;
    okta.import(&[user("ada"), user("bob")], &[]).await;
    let url = format!("{}/directory", okta.emulator.url());

    in_browser(&url, |browser| {
        browser.value("document.getElementById('q').focus()");
        browser.send("Input.insertText", &json!({ "text": "BOB@" }));
        browser.press("Enter");
        browser.wait_for("document.querySelectorAll('tbody tr').length === 1");
        browser.value("document.getElementById('user-bob').focus()");
        browser.press("Enter");
        browser.wait_for("document.querySelector('h1').innerText === 'Ada bob'");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium"]
async fn a_screen_reader_finds_its_way() {
    let okta = Okta::with(soon).await;
    okta.import(&[user("ada")], &[]).await;

    let (tree, _browser) = in_browser(&okta.emulator.url(), |browser| {
        browser.wait_for(SAYS_COMPLETED);
        browser.wait_for("!document.getElementById('pause').hidden");
        browser.send("Accessibility.getFullAXTree", &json!({}))
    })
    .await;

    let nodes = tree["nodes"].as_array().unwrap();
    let named = |role: &str| -> Vec<&str> {
        let of_role = nodes.iter().filter(|node| node["role"]["value"] == role);
        let names = of_role.filter_map(|node| node["name"]["value"].as_str());
        names.collect()
    };
    assert_eq!(named("heading"), ["Import monitoring"]);
    assert_eq!(named("main").len(), 1);
    assert_eq!(named("banner").len(), 1);
    assert_eq!(named("navigation"), ["Pages"]);
    assert_eq!(named("table"), ["Sessions, newest first"]);
    assert_eq!(
        named("columnheader"),
        ["Status", "Session", "Opened", "Took", "Loaded", "Result"]
    );
    assert_eq!(named("button"), ["Pause updates"]);
    for role in ["link", "button", "region"] {
        assert!(named(role).iter().all(|name| !name.is_empty()), "{role}");
    }
}

/// The smallest contrast between a text and what it stands on, and the text.
const LEAST_CONTRAST: &str = r#"(() => {
  const paint = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgb = (color) => {
    paint.clearRect(0, 0, 1, 1);
    paint.fillStyle = color;
    paint.fillRect(0, 0, 1, 1);
    return [...paint.getImageData(0, 0, 1, 1).data];
  };
  const light = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((c) => c / 255)
      .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = rgb(getComputedStyle(at).backgroundColor);
      if (color[3] === 255) return color;
    }
    return [255, 255, 255];
  };
  let least = [21, ""];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const text = texts.currentNode.textContent.trim();
    const element = texts.currentNode.parentElement;
    if (!text || !element.checkVisibility()) continue;
    const [a, b] = [rgb(getComputedStyle(element).color), ground(element)].map(light);
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < least[0]) least = [contrast, text];
  }
  return least;
})()"#;

/// The addresses of all pages, with this user, whom some session has, and a fault on them.
async fn every_page(okta: &Okta, user: &Value) -> Vec<String> {
    okta.emulator
        .inject(Fault::on("DELETE", "/sessions/*").then(Effect::CloseBefore));
    let id = user["externalId"].as_str().unwrap();
    okta.emulator.occupy_login("taken@example.com");
    okta.import(
        &[user_with("zed", "userName", json!("taken@example.com"))],
        &[],
    )
    .await;
    okta.import(std::slice::from_ref(user), &["nobody"]).await;
    okta.emulator.end_cooldown();
    let session = okta.open().await;
    let load = format!("/sessions/{session}/bulk-group");
    let profile = json!({ "displayName": "Everybody in it", "description": "All" });
    let groups = json!({ "profiles": [{ "externalId": "staff", "profile": profile }] });
    okta.post(&format!("{load}s-upsert"), Some(groups)).await;
    let members = json!([{ "groupExternalId": "staff", "memberExternalIds": [id, "zed"] }]);
    let members = json!({ "memberships": members });
    okta.post(&format!("{load}-memberships-upsert"), Some(members))
        .await;
    okta.load(&session, "upsert", json!([user])).await;
    okta.start_import(&session).await;
    tokio::time::sleep(okta.emulator.options().import_time).await;
    [
        "/",
        "/directory",
        &format!("/directory/{id}"),
        "/groups",
        "/groups/staff",
        "/log",
        "/requests",
        "/faults",
        &format!("/sessions/{session}"),
    ]
    .map(|path| format!("{}{path}", okta.emulator.url()))
    .into()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium"]
async fn every_text_is_readable_in_light_and_in_dark() {
    let okta = Okta::with(soon).await;
    let urls = every_page(&okta, &user("ada")).await;

    in_browser(&okta.emulator.url(), move |browser| {
        for scheme in ["light", "dark"] {
            let feature = json!({ "name": "prefers-color-scheme", "value": scheme });
            browser.send(
                "Emulation.setEmulatedMedia",
                &json!({ "features": [feature] }),
            );
            for url in &urls {
                browser.go(url);
                let least: Value = browser.value(LEAST_CONTRAST);
                // WCAG 2.2, success criterion 1.4.3.
                assert!(least[0].as_f64().unwrap() >= 4.5, "{scheme} {url}: {least}");
            }
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium"]
async fn a_wide_screen_shows_all_columns_and_a_narrow_one_scrolls_only_the_tables() {
    let okta = Okta::with(soon).await;
    let user = user_with(
        "konstantinos.hatzigeorgiou@example.com",
        "displayName",
        json!("Konstantinos Hatzigeorgiou-Papadopoulos"),
    );
    let urls = every_page(&okta, &user).await;

    in_browser(&okta.emulator.url(), move |browser| {
        for (width, what) in [(1280, ".scroll"), (400, "html")] {
            let screen =
                json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false });
            browser.send("Emulation.setDeviceMetricsOverride", &screen);
            for url in &urls {
                browser.go(url);
                let hidden = browser.value(&format!(
                    "Math.max(0, ...[...document.querySelectorAll('{what}')]\
                         .map((box) => box.scrollWidth - box.clientWidth))"
                ));
                assert_eq!(hidden, 0, "{what} of {url}, {width} wide");
            }
        }
    })
    .await;
}
