// A table of which a row stays the same element for as long as it is there, so that
// it can be read, marked and focused. On a phone each row is a card.

const MOST_ROWS = 100; // until somebody asks for all

class Table {
  // columns: {title, by, kind, show}: by is what is sorted by, kind a class, and
  // show what is in the cell. sorted: the column sorted by at first, or -1.
  constructor(name, { caption, key, columns, empty, sorted = -1, className = () => "" }) {
    Object.assign(this, { name, key, columns, className, emptyText: empty, sorted, down: true, all: false, items: [], rows: new Map() });
    this.filter = part(`${name}-filter`);
    this.filter?.addEventListener("input", () => this.show(this.items));
    this.body = make("tbody");
    this.head = make("tr", "", ...columns.map((c, i) => this.heading(c, i)));
    this.empty = make("p", "empty", "No figures yet.");
    this.more = button("", () => { this.all = true; this.show(this.items); });
    this.more.className = "more";
    part(name).append(make("div", "scroll", make("table", "", make("caption", "", caption), make("thead", "", this.head), this.body)), this.more, this.empty);
    this.more.hidden = true;
  }

  heading(column, i) {
    const th = make("th", column.kind ?? "");
    th.scope = "col";
    th.append(column.by ? button(column.title, () => this.sort(i)) : column.title);
    return th;
  }

  // Numbers begin with the largest, names with the first; once more turns it round.
  sort(i) {
    const numbers = typeof this.columns[i].by(this.items[0] ?? {}) !== "string";
    [this.sorted, this.down] = [i, i === this.sorted ? !this.down : numbers];
    this.show(this.items);
  }

  ordered(items) {
    const by = this.columns[this.sorted]?.by;
    [...this.head.children].forEach((th, i) => {
      if (i === this.sorted) th.setAttribute("aria-sort", this.down ? "descending" : "ascending");
      else th.removeAttribute("aria-sort");
    });
    if (!by) return items;
    const compare = (x, y) => (typeof x === "string" ? x.localeCompare(y) : x - y);
    return items.map((item) => [by(item) ?? 0, item]).sort(([x], [y]) => (this.down ? compare(y, x) : compare(x, y))).map(([, item]) => item);
  }

  // Returns how many there are to show.
  show(items) {
    this.items = items;
    const wanted = this.filter?.value.trim().toLowerCase() ?? "";
    const found = this.ordered(wanted ? items.filter((item) => this.key(item).toLowerCase().includes(wanted)) : items);
    const shown = this.all ? found : found.slice(0, MOST_ROWS);
    this.place(shown);
    say(this.empty, items.length ? "None fits the filter." : this.emptyText);
    this.empty.hidden = shown.length > 0;
    this.more.hidden = shown.length === found.length;
    say(this.more, `show all ${count(found.length)}`);
    return found.length;
  }

  place(items) {
    const seen = new Set();
    let next = this.body.firstChild;
    for (const item of items) {
      const id = this.key(item);
      seen.add(id);
      const row = this.rows.get(id) ?? make("tr");
      this.rows.set(id, row);
      this.fill(row, item);
      if (row === next) next = next.nextSibling;
      else this.body.insertBefore(row, next);
    }
    for (const [id, row] of this.rows) {
      if (seen.has(id)) continue;
      row.remove();
      this.rows.delete(id);
    }
  }

  fill(row, item) {
    row.className = this.className(item);
    this.columns.forEach((column, i) => {
      const cell = make("td", column.kind ?? "", ...column.show(item));
      cell.dataset.label = column.title;
      const old = row.children[i];
      if (!old) row.append(cell);
      else if (!old.isEqualNode(cell)) this.replace(old, cell);
    });
  }

  // What has the focus keeps it.
  replace(old, cell) {
    const focused = old.contains(document.activeElement);
    old.replaceWith(cell);
    if (focused) cell.querySelector("button")?.focus();
  }
}
