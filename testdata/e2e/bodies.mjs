// What an npm EventSource and an npm WebSocket hear, to the byte: each line is
// printed as "client hex".
import { EventSource } from "eventsource";
import WebSocket from "ws";

const [url] = process.argv.slice(2);

const say = (client, bytes) => process.stdout.write(client + " " + Buffer.from(bytes).toString("hex") + "\n");

new EventSource(url).onmessage = (e) => say("eventsource", e.data);
new WebSocket(url.replace("http", "ws")).on("message", (data) => say("ws", data));

process.stdin.on("end", () => process.exit(0));
process.stdin.resume();
