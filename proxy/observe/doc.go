// Package observe says, of routes whose requests all pass through, what
// coalescing them would save and whether it would be right: the proof, before
// switching on, that a route is safe to share.
//
//	request ─► Route.Begin ──► lens: who would have polled, who would have shared
//	answer  ─► Look.Answered ─► share.Judge: may it be shared at all?
//	body    ─► Look.Tap ──────► a hash of it, as it streams by
//	end     ─► lens: saved? the same as what would have been given?
//
// # What would have been saved
//
// A [Route] replays the rules of coalescing on the requests that pass. The first
// request for a key is the one that would have been polled for; those that come
// while it is under way or within the interval would have been answered from it.
// Writes, Retry-After and the like count as they would for a feed.
//
// # Whether it would be right
//
// Each request that would have been answered from another's answer has one of
// its own, and the two are compared. That they differ proves nothing: the
// resource may have changed in between, which everybody who polls it at an
// interval has agreed to. What does not happen by itself is that a body comes
// back that was gone. So an answer is called differing only if
//
//	somebody was given x, then another was given y, and then x was given again
//
// each request begun after the answer before had ended, and whoever was first
// given x was not given anything else in the meantime. A resource that changes,
// however often, never looks like that; one that shows each user something else
// soon does. Answers that differ without that proof count as changed.
//
// # What separates them
//
// Every such triple is evidence about each header, cookie and query parameter of
// the three requests, the client's address, and its connection. One that had one
// value with x, both times, and another with y, separates them; one that had the
// same value with x and y does not. And wherever bodies are equal, everything
// that was not equal in their requests is ruled out a little.
//
// What is part of a key is equal in all requests with that key, so it never
// separates: what is found is what the key lacks. Where identities are part of
// the key, a second [lens] looks at the same requests as if they were not, and
// says what share: public would mean.
//
// # What is kept
//
// No value is: of names and values there are hashes of 32 bits, under a key that
// is made anew in each process and never leaves it. The names of what separates
// are reported, and never one that could be a value, such as a parameter without
// "=". There is a fixed number of answers per key, of names per route, and of keys
// in all, so that no client and no origin can make it grow.
package observe
