// What was, per route and in all: [time, would have been sent, was sent, was asked].
//
// Without pollmux, clients would have sent their polls, what passes, and once per
// interval what held clients ask for now. The one request with which a client
// came to be held is not counted besides.

const past = new Map();

function remember(name, at, stats) {
  const asked = sum(stats.client_requests);
  const would = stats.client_requests.poll + stats.client_requests.pass + stats.saved_requests_estimated;
  const origin = sum(stats.upstream_requests);
  const notes = past.get(name) ?? [];
  const last = notes.at(-1);
  if (last && (origin < last[2] || asked < last[3])) notes.length = 0; // restarted
  notes.push([at, would, origin, asked]);
  while (at - notes[0][0] > MEMORY + WINDOW) notes.shift();
  past.set(name, notes);
}

// The rates over the window before the note i; null while there is too little.
function rates(notes, i = notes.length - 1) {
  let first = i;
  while (first > 0 && notes[i][0] - notes[first - 1][0] <= WINDOW) first--;
  const took = (notes[i]?.[0] - notes[first]?.[0]) / 1000;
  if (!(took >= 1)) return null;
  return { would: Math.max(0, notes[i][1] - notes[first][1]) / took, origin: (notes[i][2] - notes[first][2]) / took };
}
