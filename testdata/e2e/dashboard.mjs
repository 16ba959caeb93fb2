// The dashboard in a real browser. Each step that is good is printed as "ok NAME",
// each that is not as "failed NAME: why"; "restart" asks the test that started this
// to start pollmux again. All of it is over at "done".
import { chromium } from "playwright-core";

const [open, guarded, token, executablePath, shots] = process.argv.slice(2);

const print = (...words) => process.stdout.write(words.join(" ") + "\n");
const browser = await chromium.launch({
  executablePath,
  args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});

// What pages did that they may not do.
const misdeeds = [];
const excused = new Set(); // console errors that a step expects

async function visit(base, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  page.on("request", (r) => r.url().startsWith(base + "/") || misdeeds.push(`asks for ${r.url()}`));
  page.on("request", (r) => r.url().includes(token) && misdeeds.push(`has the token in ${r.url()}`));
  page.on("pageerror", (e) => misdeeds.push(`throws ${e.message}`));
  page.on("console", (m) => m.type() === "error" && ![...excused].some((x) => m.text().includes(x)) && misdeeds.push(`logs ${m.text()}`));
  await page.goto(base + "/");
  return page;
}

function must(good, why) {
  if (!good) throw new Error(why);
}

async function step(name, run) {
  try {
    await run();
    must(misdeeds.length === 0, `the page ${misdeeds.splice(0).join("; ")}`);
    print("ok", name);
  } catch (error) {
    print(`failed ${name}: ${String(error.message).split("\n").slice(0, 3).join(" ")}`);
  }
}

const text = (page, id) => page.locator(`#${id}`).textContent();
const isLive = (page) => page.waitForFunction(() => document.getElementById("saved").textContent !== "–" && !document.body.classList.contains("down-since"));
const number = async (page, id) => Number((await text(page, id)).replaceAll(",", ""));
const within = (page) => page.evaluate(() => document.documentElement.scrollWidth <= innerWidth);

// The texts that do not stand out enough from what is behind them (WCAG 1.4.3).
const faint = (page) => page.evaluate(() => {
  const context = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const channels = (colour) => {
    context.clearRect(0, 0, 1, 1);
    context.fillStyle = colour;
    context.fillRect(0, 0, 1, 1);
    return context.getImageData(0, 0, 1, 1).data;
  };
  const luminance = (colour) => {
    const [r, g, b] = [...channels(colour)].slice(0, 3).map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (e) => {
    for (; e; e = e.parentElement) if (channels(getComputedStyle(e).backgroundColor)[3] === 255) return getComputedStyle(e).backgroundColor;
    return "white";
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const e = node.parentElement;
    if (!node.data.trim() || !e.checkVisibility() || ["SCRIPT", "STYLE", "NOSCRIPT"].includes(e.tagName)) continue;
    const [a, b] = [luminance(getComputedStyle(e).color), luminance(behind(e))].sort((x, y) => y - x);
    if ((a + 0.05) / (b + 0.05) < 4.5) found.push(`${node.data.trim().slice(0, 30)} ${((a + 0.05) / (b + 0.05)).toFixed(2)}`);
  }
  return [...new Set(found)];
});

const page = await visit(open);

await step("live", async () => {
  await isLive(page);
  const before = await number(page, "saved");
  await page.waitForFunction((n) => Number(document.getElementById("saved").textContent.replaceAll(",", "")) > n, before);
  await page.waitForFunction(() => document.getElementById("state").textContent === "live");
  await page.waitForFunction(() => Number(document.getElementById("would").textContent) > 0);
  must(await page.locator("#routes tbody tr").count() === 3, "there are not three routes");
});

await step("history", async () => {
  await page.waitForFunction(() => past.series.would_per_second?.some((v) => v > 0));
  await page.reload();
  await isLive(page);
  must(await page.evaluate(() => past.series.would_per_second.some((v) => v > 0)), "it has begun anew");
  await page.waitForFunction(() => /clients would have sent [\d.]+\/s/.test(document.querySelector("#hour .legend").textContent));
  await page.focus("#hour canvas");
  await page.keyboard.press("ArrowLeft");
  must(/^\d\d:\d\d:\d\d/.test(await page.getAttribute("#hour canvas", "aria-valuetext")), "the arrow keys move nothing");
  for (const which of ["Errors", "Held clients", "Staleness", "Delivery", "Bytes spared", "Requests"]) await page.getByText(which, { exact: true }).first().click();
});

await step("inert", async () => {
  const name = await page.evaluate(() => told.stats.routes[1].name);
  must(name.includes("<img"), `the route is called ${name}`);
  must((await text(page, "routes")).includes(name), "its name is not told as it is");
  must(await page.evaluate(() => !window.pwned && !document.querySelector("img, #routes script, b i u")), "markup was made of it");
});

await step("table", async () => {
  const first = () => page.locator("#routes tbody tr td").first().textContent();
  await page.getByRole("button", { name: "Route", exact: true }).first().click();
  const ascending = await first();
  await page.getByRole("button", { name: "Route", exact: true }).first().click();
  must(await first() !== ascending, "it does not sort");
  must(await page.getAttribute("#routes th:first-child", "aria-sort") === "descending", "it does not say how it is sorted");
  await page.fill("#routes-filter", "SCORES");
  must(await page.locator("#routes tbody tr").count() === 1, "the filter keeps others");
  await page.fill("#routes-filter", "nothing is called so");
  must((await text(page, "routes")).includes("None fits the filter."), "it does not say that none fits");
  await page.fill("#routes-filter", "");
});

await step("details", async () => {
  await page.getByRole("button", { name: "scores" }).press("Enter");
  must(await page.locator("#detail").getAttribute("open") !== null, "they do not open");
  await page.waitForFunction(() => detail.past.series.would_per_second?.some((v) => v > 0));
  const facts = await text(page, "detail-facts");
  for (const fact of ["answered at once", "sse", "304, nothing new", "staleness p50, p99", "measured"]) must(facts.includes(fact), `they have no ${fact}`);
  await page.keyboard.press("Escape");
  must(await page.locator("#detail").getAttribute("open") === null, "Escape does not close them");
});

// What the statistics will have is made up here: it has to be shown whatever it is.
await step("whatever else", async () => {
  const other = await visit(open, { serviceWorkers: "block" });
  await other.route("**/api/live", async (route) => {
    const news = await page.evaluate(() => ({ ...told, routes: undefined, stats: { ...told.stats, routes: told.stats.routes.map((r) => ({ ...r, errors_by_kind: { "<b><i><u>timeout": 3 } })) } }));
    news.stats.config = { reloads: 2, refused: 1, last_error: "line 3: <img src=x onerror=pwned=1>", loaded_at: news.at, age_seconds: 90, took_bytes: 2048, good: true, nothing: null };
    news.stats.servers = { "<b><i><u>api": [{ url: "http://10.0.0.7:9000/<script>pwned=1</script>", state: "ejected", in_flight: 3 }, { url: "http://10.0.0.8", state: "healthy", in_flight: 1 }] };
    news.stats.deep = { a: { b: { c: { d: { e: { f: { g: 1 } } } } } } };
    await route.fulfill({ contentType: "text/event-stream", body: `: hello\n\nretry: 100\n\ndata: ${JSON.stringify(news)}\n\n` });
  });
  await other.reload();
  await other.waitForFunction(() => document.getElementById("wrong").textContent.includes("ejected"));
  const told = (await text(other, "wrong")) + (await text(other, "other"));
  for (const fact of ["the configuration was not reloaded: line 3: <img src=x onerror=pwned=1>", "http://10.0.0.7:9000/<script>pwned=1</script> is ejected", "http://10.0.0.8", "2.0 KiB", "yes", "90.0 s", "…"]) {
    must(told.includes(fact), `it does not tell ${fact}`);
  }
  must(await other.evaluate(() => !window.pwned && !document.querySelector("img, b i u")), "markup was made of it");
  await other.getByRole("button", { name: "scores" }).click();
  must((await text(other, "detail-facts")).includes("<b><i><u>timeout"), "details leave something out");
  await other.context().close();
});

for (const colorScheme of ["light", "dark"]) {
  for (const width of [320, 390, 820, 1440]) {
    await step(`${colorScheme} ${width}`, async () => {
      const other = await visit(open, { colorScheme, reducedMotion: "reduce", viewport: { width, height: 844 } });
      await isLive(other);
      must(await within(other), "it is too wide");
      const dim = await faint(other);
      must(dim.length === 0, `too faint: ${dim.join(", ")}`);
      must(await other.evaluate(() => getComputedStyle(document.documentElement).scrollBehavior) === "auto", "it moves");
      const picture = await other.screenshot({ fullPage: true, path: `${shots}/${colorScheme}-${width}.png` });
      must(picture.length > 20_000, "there is nothing to see");
      await other.getByRole("button", { name: "scores" }).click();
      must(await within(other), "the details are too wide");
      must((await faint(other)).length === 0, "the details are too faint");
      await other.context().close();
    });
  }
}

await step("without scripts", async () => {
  const other = await visit(open, { javaScriptEnabled: false });
  must(await other.locator("noscript a[href='api/stats']").isVisible(), "it does not say where the figures are");
  await other.context().close();
});

await step("restart", async () => {
  excused.add("net::ERR_");
  const began = await page.evaluate(() => told.began);
  print("restart");
  await page.waitForFunction(() => document.getElementById("state").className === "down");
  must(/since \d\d:\d\d:\d\d/.test(await text(page, "state")), "it does not say since when");
  await page.waitForFunction((b) => told.began !== b && document.getElementById("state").className === "up", began, { timeout: 40_000 });
  excused.delete("net::ERR_");
});

await step("token", async () => {
  excused.add("401");
  const other = await visit(guarded);
  await other.waitForSelector("#token:focus");
  must(!(await other.locator("#figures").isVisible()), "figures are shown to anybody");
  await other.keyboard.type("nö such");
  await other.keyboard.press("Enter");
  await other.waitForFunction(() => document.getElementById("login-error").textContent.includes("it has no spaces"));
  await other.keyboard.type("wrong");
  await other.keyboard.press("Enter");
  await other.waitForFunction(() => document.getElementById("login-error").textContent === "That is not the token.");
  await other.fill("#token", token);
  await other.click("#login button");
  await isLive(other);
  must(other.url() === guarded + "/", `the address is ${other.url()}`);
  await other.reload();
  await isLive(other);
  must((await other.context().cookies()).length === 0, "there is a cookie");
  must(await other.evaluate(() => localStorage.length) === 0, "it is kept for longer than the tab");
  await other.click("#forget");
  await other.waitForSelector("#token:focus");
  await other.context().close();
});

print("done");
await browser.close();
process.exit(0);
