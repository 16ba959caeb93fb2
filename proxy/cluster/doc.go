// Package cluster is where several instances will share their polls.
//
// There is nothing in it yet. What it will do: one instance polls each key, found
// by rendezvous hashing over the live members (a KV bucket of NATS JetStream with
// a lease per member), and publishes its updates on a subject per key with the
// last one kept; the others follow, and count as subscribers of the owner.
//
// Where it will stand: between feed.Spec.Origin and the origin. A follower's
// Origin answers from the owner's updates instead of a poll, and everything above
// stays as it is. Updates already carry what it takes to make two owners harmless
// while members change: a version that never goes back, and an ID that is the same
// for the same content wherever it was polled.
package cluster
