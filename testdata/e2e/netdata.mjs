// Several people who look at one netdata, through pollmux. Its page polls each
// chart in sight. Prints "viewer N polls" for each that has polled twenty times,
// and whatever goes wrong.
import { chromium } from "playwright-core";

const [base, executablePath, viewers] = process.argv.slice(2);
const say = (...words) => process.stdout.write(words.join(" ") + "\n");

const browser = await chromium.launch({
  executablePath,
  headless: true,
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"], // it would look for news of netdata
});
for (let n = 0; n < viewers; n++) {
  const page = await (await browser.newContext({ viewport: { width: 1280, height: 900 } })).newPage();
  let polls = 0;
  page.on("response", (answer) => {
    if (!answer.url().includes("/api/v1/data")) return;
    if (answer.status() !== 200) say("status", answer.status(), answer.url());
    if (++polls === 20) say("viewer", n, "polls");
  });
  page.on("pageerror", (e) => say("error", e.message));
  await page.goto(base + "/dashboard.html");
}

// It ends when its input does.
process.stdin.resume();
process.stdin.on("end", () => browser.close());
