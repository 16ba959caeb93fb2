// Two npm packages as clients. Each line that they hear is printed as
// "transport text"; the test that started this reads along.
import { EventSource } from "eventsource";
import WebSocket from "ws";

const [base, path] = process.argv.slice(2);

function say(...words) {
  process.stdout.write(words.join(" ") + "\n");
}

const events = new EventSource(base + path);
events.onopen = () => say("eventsource open");
events.onmessage = (e) => say("eventsource", e.data);
events.addEventListener("status", (e) => say("eventsource-status", JSON.parse(e.data).state));
events.onerror = () => say("eventsource error", events.readyState);

function connect() {
  const socket = new WebSocket(base.replace("http", "ws") + path);
  socket.on("open", () => say("ws open"));
  socket.on("message", (data, binary) => say("ws", binary ? "binary" : data.toString()));
  socket.on("close", (code) => {
    say("ws close", code);
    setTimeout(connect, 200);
  });
  socket.on("error", () => {});
  return socket;
}
connect();

process.stdin.on("end", () => process.exit(0));
process.stdin.resume();
