// A page in a real browser. Each line that it hears is printed as "transport
// text"; the test that started this reads along. The page is served by the
// origin, through the proxy, so that all of it is of one origin.
import { chromium } from "playwright-core";

const [base, executablePath, profile] = process.argv.slice(2);

const browser = await chromium.launchPersistentContext(profile, {
  executablePath,
  headless: true,
  args: [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
  ],
});
const page = await browser.newPage();
page.on("pageerror", (e) => process.stdout.write("error " + e.message + "\n"));
await page.exposeFunction("say", (...words) => process.stdout.write(words.join(" ") + "\n"));
await page.goto(base + "/page.html");

await page.evaluate(() => {
  const events = new EventSource("/scores");
  events.onmessage = (e) => say("eventsource", e.data);
  events.addEventListener("status", (e) => say("eventsource-status", JSON.parse(e.data).state));

  const hex = (text) => Array.from(new TextEncoder().encode(text), (c) => c.toString(16).padStart(2, "0")).join("");
  new EventSource("/text").onmessage = (e) => say("text", hex(e.data));

  const connect = () => {
    const socket = new WebSocket("ws://" + location.host + "/scores");
    socket.onmessage = (e) => say("websocket", e.data);
    socket.onclose = () => setTimeout(connect, 200);
  };
  connect();

  // A page that polls, as legacy pages do, but says that it can wait.
  (async () => {
    for (let tag = null; ; ) {
      try {
        const headers = tag ? { "If-None-Match": tag, Prefer: "wait=5" } : {};
        const answer = await fetch("/scores", { headers, cache: "no-store" });
        if (answer.status === 200) {
          tag = answer.headers.get("ETag");
          say("fetch", await answer.text());
        }
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    }
  })();

  // A polled picture becomes a live one: its size tells which it is.
  const image = new Image();
  let width = 0;
  setInterval(() => {
    if (image.naturalWidth !== width) {
      width = image.naturalWidth;
      say("image", width);
    }
  }, 20);
  image.src = "/camera.png?as=multipart";
});

process.stdin.on("end", async () => {
  await browser.close();
  process.exit(0);
});
process.stdin.resume();
