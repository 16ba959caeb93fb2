// A route's last hour in little, both series in one scale; null before there is one.

function spark(trend) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 96 20");
  svg.setAttribute("aria-hidden", "true");
  const lines = [["would_per_second", "would"], ["origin_per_second", "origin"]].map(([name, className]) => [trend?.[name] ?? [], className]);
  const top = Math.max(1e-9, ...lines.flatMap(([points]) => points));
  for (const [points, className] of lines) {
    if (points.length < 2) return null;
    const line = document.createElementNS(svg.namespaceURI, "polyline");
    line.setAttribute("class", className);
    line.setAttribute("points", points.map((v, i) => `${(95.5 - (95 / Math.max(points.length - 1, 9)) * (points.length - 1 - i)).toFixed(1)},${(18.5 - (17 * v) / top).toFixed(1)}`).join(" "));
    svg.append(line);
  }
  return svg;
}
