// What became of the budgets of upstreams.

const budgetsTable = new Table("budgets", {
  caption: "Budgets of upstreams",
  key: (b) => b.upstream,
  empty: "",
  columns: [
    { title: "Upstream", kind: "name", show: (b) => [b.upstream] },
    { title: "May send", kind: "n", show: (b) => [`${rate(b.rate_per_second)}/s`, ...(b.rate_per_second < b.budget_per_second ? [make("small", "warn", `of ${rate(b.budget_per_second)}/s: it was refused`)] : [])] },
    { title: "Sent", kind: "n", show: (b) => figure(b.requests, `${count(b.refused)} refused`) },
    { title: "Under way", kind: "n", show: (b) => [count(b.in_flight), make("small", "", `of ${count(b.at_once)} at once`)] },
    { title: "Waiting", kind: "n", show: (b) => [count(b.waiting)] },
    { title: "Scheduled feeds", kind: "n", show: (b) => [count(b.scheduled)] },
    { title: "State", show: (b) => [budgetState(b)] },
  ],
});

function budgetState(b) {
  if (b.resting_seconds > 0) return make("span", "warn", `resting, ${time(b.resting_seconds)} more`);
  if (b.stretched) return make("span", "warn", "too small for the intervals of its routes");
  return "enough";
}

function budgets(all) {
  part("budgets-section").hidden = !all?.length;
  budgetsTable.show(all ?? []);
}
