// The tables. A row stays where it is, so that it can be read and marked.

const rows = { routes: new Map(), observed: new Map(), feeds: new Map() };

// Shows so many columns of one row, made anew where they differ.
function fill(row, cells) {
  cells.forEach(([className, ...content], i) => {
    const cell = make("td", className);
    cell.append(...content);
    const old = row.children[i];
    if (!old) row.append(cell);
    else if (old.outerHTML !== cell.outerHTML) old.replaceWith(cell);
  });
}

function table(name, items, key, cells) {
  const known = rows[name];
  const body = part(name);
  const wanted = part(`${name}-filter`)?.value.trim().toLowerCase() ?? "";
  const seen = new Set();
  let before = null;
  for (const item of items) {
    const id = key(item);
    seen.add(id);
    const row = known.get(id) ?? make("tr");
    known.set(id, row);
    fill(row, cells(item, row));
    row.hidden = wanted !== "" && !id.toLowerCase().includes(wanted);
    const place = before ? before.nextSibling : body.firstChild;
    if (row !== place) body.insertBefore(row, place);
    before = row;
  }
  for (const [id, row] of known) {
    if (seen.has(id)) continue;
    row.remove();
    known.delete(id);
  }
}

function routes(stats) {
  say(part("routes-count"), `${stats.routes.length}`);
  say(part("routes-empty"), stats.routes.length ? "" : "There is no route.");
  part("routes-empty").hidden = stats.routes.length > 0;
  table("routes", stats.routes, (r) => r.name, (r, row) => {
    const now = rates(past.get(`route ${r.name}`) ?? []);
    const idle = sum(r.client_requests) === 0;
    row.className = idle ? "idle" : "";
    const upstream = figure(sum(r.upstream_requests), list(r.upstream_requests, ["poll", "authorize", "pass"]));
    if (r.upstream_not_modified) upstream.push(make("small", "", `304: ${count(r.upstream_not_modified)}`));
    if (r.upstream_errors) upstream.push(make("small", "bad", `errors: ${count(r.upstream_errors)}`));
    return [
      ["name", r.name, make("small", "", r.feeds === 1 ? "1 feed" : `${count(r.feeds)} feeds`)],
      ["rate", ...(idle ? ["–"] : [...flow(now), spark(`route ${r.name}`)])],
      ["", ...figure(sum(r.client_requests), list(r.client_requests, TRANSPORTS))],
      ["", ...figure(sum(r.subscribers), list(r.subscribers, TRANSPORTS))],
      ["", ...upstream],
      ["", ...figure(r.saved_requests_measured + r.saved_requests_estimated,
        `${count(r.saved_requests_measured)} measured`, `${count(r.saved_requests_estimated)} estimated`,
        `${bytes(r.saved_bytes)}, ${time(r.saved_origin_seconds)}`)],
      ["n", ...figure(r.updates, `${count(r.deliveries)} delivered`)],
      ["n", quantiles(r.staleness_seconds, r.deliveries + r.client_requests.poll + r.client_requests.longpoll)],
      ["n", quantiles(r.delivery_seconds, r.deliveries)],
      ["", sum(r.unshared) ? list(r.unshared) : "–"],
    ];
  });
}

function flow(now) {
  return [make("span", "would", rate(now?.would)), " → ", make("span", "origin", rate(now?.origin))];
}

// A route's last minutes, both series in one scale.
function spark(name) {
  const notes = past.get(name) ?? [];
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 96 20");
  svg.setAttribute("aria-hidden", "true");
  const points = notes.map((_, i) => rates(notes, i)).filter(Boolean).slice(-Math.ceil(MEMORY / PACE));
  const top = Math.max(1e-9, ...points.map((p) => Math.max(p.would, p.origin)));
  for (const [which, colour] of [["would", "--saved"], ["origin", "--cost"]]) {
    const line = document.createElementNS(svg.namespaceURI, "polyline");
    const step = 95 / Math.max(points.length - 1, 40);
    line.setAttribute("points", points.map((p, i) => `${(96 - (points.length - 1 - i) * step - 0.5).toFixed(1)},${(18.5 - (17 * p[which]) / top).toFixed(1)}`).join(" "));
    line.setAttribute("fill", "none");
    line.style.stroke = `var(${colour})`;
    line.setAttribute("stroke-width", "1.4");
    svg.append(line);
  }
  return svg;
}

function feeds(all) {
  const wanted = part("feeds-filter").value.trim().toLowerCase();
  const id = (f) => `${f.route} ${f.feed}`;
  const found = wanted ? all.filter((f) => id(f).toLowerCase().includes(wanted)) : all;
  found.sort((a, b) => b.clients - a.clients || (id(a) < id(b) ? -1 : 1));
  const shown = found.slice(0, MOST_FEEDS);
  say(part("feeds-count"), shown.length < found.length ? `${count(all.length)}, the ${MOST_FEEDS} with most clients are shown` : count(all.length));
  const nothing = !all.length ? "No feed is live: nobody has asked for anything lately." : "No feed fits the filter.";
  say(part("feeds-empty"), nothing);
  part("feeds-empty").hidden = shown.length > 0;
  table("feeds", shown, id, (f, row) => {
    row.className = f.clients === 0 && f.age_seconds > 10 ? "idle" : "";
    return [
      ["name", f.route],
      ["", make("code", "", f.feed), ...(f.private ? [make("small", "", "one user's")] : [])],
      ["n", count(f.clients)],
      ["n", count(f.subscribers)],
      ["n", f.version ? `#${count(f.version)}` : "–"],
      ["n", f.version ? bytes(f.bytes) : "–"],
      ["n", f.version ? time(Math.round(f.age_seconds * 10) / 10) : "–"],
      f.stale || f.alone ? ["warn", f.stale ? `stale: ${f.stale}` : `each request alone: ${f.alone}`] : ["", f.clients ? "live" : "polled only when asked"],
    ];
  });
}
