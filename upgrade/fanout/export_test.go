package fanout

import "time"

// DrainSpread is the longest that a client waits for its goodbye in tests.
const DrainSpread = 2 * time.Second
