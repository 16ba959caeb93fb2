// Package replay replays a trace of changes to policies that decide when to poll,
// in simulated time, and tells how stale each would have left the subscribers at
// the same number of requests per second.
//
//	             ┌── next ◄── policy: who is polled next, and when
//	trace ──► engine
//	             └── polled ──► what the poll saw: changed, and when if it tells
//	               │
//	               └──► ages ──► mean and p99 ──► table, JSON
//
// # Staleness
//
// Everybody knows what a resource is at the beginning. From its first change that no
// poll has seen until the next poll, its subscribers are stale, and the age of that
// change is by how much; then it is 0 again. What is told is the mean over time and
// subscribers, and the p99: the age that is exceeded for a hundredth of the time of
// all subscribers together, times with nothing unseen included. Both are exact, not
// sampled. A poll takes no time here: the origin's round trip comes on top. [Ages] is
// the definition, also of what is measured in real time (package bench, Freshness),
// beside which [Price] stands.
//
// # Policies
//
//	uniform        one after the other
//	sqrt_weight    a rate that goes with the root of the subscribers
//	aimd           an interval that shrinks on a change, and grows without
//	aimd_weighted  the same, and shorter for more subscribers
//	adaptive_ttl   an interval that goes with the time since the last change
//	oracle         price, but with the true mean rate of each
//	price          proxy/schedule as it is: what pollmux does
//
// The baselines poll once every 1/budget seconds. Each has its parameters where they
// serve it best over all that package trace makes up, and its intervals are stretched so
// that they fill the budget: only the choice is compared. Price polling keeps to the
// limits of a real upstream: a little less than the budget, and no resource waits for
// three times the even interval.
//
// There are no sockets and no clock; randomness is from a seed, each policy's from
// its own, so that a run can be repeated and none changes another's.
package replay
