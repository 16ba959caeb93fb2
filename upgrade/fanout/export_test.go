package fanout

// DrainSpread is the longest that a client waits for its goodbye.
const DrainSpread = drainSpread
