// Package feed keeps what the origin says now, once per resource, for everybody
// whose key is the same.
//
//	           ask (a plain poll wants it fresh)
//	           subscribe (somebody is held)        Feed.run ──► fly ──► origin
//	clients ─► invalidate (a write passed) ──────►    │  ◄── landing ──┘
//	   ▲                                              ▼
//	   └────────────── view: one atomic pointer ◄── publish
//
// [Feeds] is the live set. A [Feed] owns the conversation with the origin about
// one key: one goroutine, run, has all of its state, decides when to poll and
// publishes an immutable view. Everybody else loads the view, or asks run.
//
// # When a feed is polled
//
// Never more often than its clients would have polled. A feed that has plain
// pollers only has no timer: one of them, finding the snapshot older than the
// interval, causes the next poll, and those who come meanwhile wait for it. A
// feed with subscribers is polled on a timer. A feed that nobody wants is kept
// for a while ([Policy.Linger]), and not polled.
//
// A poll belongs to the feed: the client that caused it can leave without
// consequence for the others. There is one at a time.
//
// # When its origin fails
//
// Then it gets fewer polls than a healthy one, and yet everybody hears that it is
// back within two intervals. Those two pull in opposite directions for a feed by
// itself, but the feeds of one upstream tell each other ([Outage]):
//
//	a poll fails    its feed backs off: 1 to 2, 4, then 8 intervals, at random
//	meanwhile       one of those who wait is the scout, an interval or so after the
//	                last poll of anybody; a feed that is alone scouts each time
//	a poll succeeds whoever waits comes within an interval of that, at random, and
//	                within two of the last poll that failed; polls that have hung
//	                since before then are given up
//
// So 200 feeds of an origin that is down cost it less than a third of their
// usual polls, and none of them has to be polled more often than usual
// afterwards. There is no breaker that refuses: what the feeds tell each other
// moves when they poll of their own accord, never whether a client's own request
// is tried, so a resource that fails for itself takes nothing from the others. An
// origin's Retry-After holds for the feed that got it, whatever others hear.
//
// What stays: a poll that hangs alone (its upstream has no other feed that could
// tell) is given up after its timeout, and tried again within an interval.
//
// # Reading one's own write
//
// A write that passed through makes what is known invalid: each feed counts
// writes in a generation, and a snapshot answers a poll only if its own poll
// began in the current one. So nobody who has seen the answer to a write is
// given what was true before it. A poll under way at that moment is aborted; the
// poll that takes its place is not, however many writes follow, so that a burst
// of them cannot keep a feed from ever hearing anything.
//
// A refresh, by somebody who knows of a change that did not pass through, makes
// what is known invalid as well. But nobody waits to see its effect, so a poll under
// way goes on, and one more follows it.
package feed
