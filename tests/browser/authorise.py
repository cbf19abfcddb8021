"""A browser authorises the account of a running sandbox: authorise.py GATEWAY FOLDER-FOR-SCREENSHOTS"""

import json
import os
import signal
import sys
import tempfile
import urllib.request
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.expected_conditions import url_contains
from selenium.webdriver.support.ui import Select, WebDriverWait

WAIT_S = 20
# A phone and a desktop: width and height in CSS pixels.
SCREENS = ((375, 667), (1440, 900))
ACCOUNT = "/v1/accounts/default"
# No proxy, whatever the environment says: everything is on loopback.
http = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def call(url, method="GET"):
    with http.open(urllib.request.Request(url, method=method), timeout=WAIT_S) as response:
        return json.load(response)


def start_browser(profile):
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for argument in (
        "--headless=new",
        # Chromium's own sandbox does not work as root in a container.
        "--no-sandbox",
        "--disable-dev-shm-usage",
        "--disable-gpu",
        # Chromium does not contact its vendor, and no name but those of this machine resolves.
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-first-run",
        "--no-proxy-server",
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
        f"--user-data-dir={profile}",
    ):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    # With both paths given, Selenium downloads nothing. The group contains the driver and the browser.
    service = webdriver.ChromeService(
        "/usr/bin/chromedriver", popen_kw={"process_group": 0}
    )
    return webdriver.Chrome(options, service)


class Pages:
    def __init__(self, driver, gateway, folder):
        self.driver = driver
        self.gateway = gateway
        self.folder = Path(folder)

    def text(self, element_id):
        return self.driver.find_element(By.ID, element_id).text

    def check(self, name):
        """Takes a screenshot of the page on each screen, and checks that everything fits."""
        for width, height in SCREENS:
            self.driver.execute_cdp_cmd(
                "Emulation.setDeviceMetricsOverride",
                {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500},
            )
            size = self.driver.execute_script(
                "const page = document.documentElement;"
                "return [innerWidth, page.scrollWidth, getComputedStyle(document.body).lineHeight]"
            )
            assert size[:2] == [width, width], f"{name} does not fit into {width} px: {size}"
            # The style is applied only if the page's own policy allows it.
            assert size[2] == "24px", f"{name} has no style"
            assert self.driver.save_screenshot(str(self.folder / f"{name}-{width}.png"))
        log = self.driver.get_log("browser")
        # A browser asks each site for an icon and reports a status of 400 and more; anything else is a fault of the page.
        unexpected = [
            entry for entry in log
            if "Failed to load resource" not in entry["message"]
        ]
        assert not unexpected, f"{name}: {unexpected}"

    def link(self):
        link = call(f"{self.gateway}{ACCOUNT}/authorization", "POST")
        assert link["callback_url"] == f"{self.gateway}/oauth/callback", link
        return link["url"]

    def open_and_decide(self, link, user, button, name=None):
        """Opens a link, chooses the user, and waits for the page of the gateway."""
        self.driver.get(link)
        assert self.text("target") == urlsplit(self.gateway).hostname
        Select(self.driver.find_element(By.ID, "user")).select_by_value(user)
        if name:
            self.check(name)
        self.driver.find_element(By.ID, button).click()
        callback = f"{self.gateway}/oauth/callback?"
        WebDriverWait(self.driver, WAIT_S).until(url_contains(callback))
        assert self.driver.current_url.startswith(callback), self.driver.current_url

    def failed(self, code, name):
        assert self.text("result").startswith("Not authorised"), self.text("result")
        assert self.text("code") == code, self.text("code")
        self.check(name)

    def session(self):
        return call(self.gateway + ACCOUNT)["session"]


def run(pages):
    before = pages.session()
    assert (before["origin"], before["state"]) == ("configuration", "valid"), before

    # The user refuses.
    pages.open_and_decide(pages.link(), "default", "refuse")
    pages.failed("authorization_failed", "refused")
    assert pages.session() == before

    # Another user authorises the app.
    pages.open_and_decide(pages.link(), "another-user", "authorise")
    pages.failed("account_mismatch", "another-user")
    assert pages.session() == before

    # The user authorises the app.
    link = pages.link()
    pages.open_and_decide(link, "default", "authorise", name="taobao")
    assert pages.text("result").startswith("Authorised"), pages.text("result")
    assert pages.text("account") == "default"
    expires = pages.text("expires")
    pages.check("authorised")
    authorised = pages.session()
    assert (authorised["origin"], authorised["state"]) == ("authorization", "valid"), authorised
    assert authorised["expires_at"] == expires, (authorised, expires)

    # The page is loaded again.
    pages.driver.refresh()
    assert pages.text("result").startswith("Authorised"), pages.text("result")
    assert pages.session() == authorised
    # The link is opened again, with a new code.
    pages.open_and_decide(link, "default", "authorise")
    assert parse_qs(urlsplit(pages.driver.current_url).query)["code"]
    pages.failed("authorization_failed", "used-link")
    assert pages.session() == authorised

    # A link that nobody created.
    simulator = "{0.scheme}://{0.netloc}".format(urlsplit(link))
    pages.driver.get(f"{simulator}/authorize?client_id=other")
    assert "client_id" in pages.text("error")
    pages.check("taobao-error")
    pages.driver.get(f"{pages.gateway}/oauth/callback?code=<b>&state=<script>alert(1)</script>")
    pages.failed("authorization_failed", "forged")


def main():
    gateway, folder = sys.argv[1:]
    Path(folder).mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        driver = start_browser(profile)
        group = driver.service.process.pid
        try:
            run(Pages(driver, gateway, folder))
        except BaseException:
            print("at", driver.current_url, file=sys.stderr)
            print(driver.find_element(By.TAG_NAME, "body").text, file=sys.stderr)
            raise
        finally:
            driver.quit()
            try:
                # A browser that does not end with its driver.
                os.killpg(group, signal.SIGKILL)
            except ProcessLookupError:
                pass
    print("a browser authorised the account of the sandbox")


main()
