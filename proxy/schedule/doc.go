// Package schedule says when a feed may and should be polled. It is pure: no I/O, no
// goroutine, no clock or randomness of its own. Feed.run asks, and does it.
//
// A fixed interval is the pace of a feed, counted from the beginning of one
// poll to the beginning of the next. What the origin asks for can only slow it
// down ([Floor]); failures slow it down further ([Backoff]).
//
// An interval that adapts is found by price: a poll is worth it when waiting has cost
// the subscribers more than that (Olston and Pandey, Recrawl Scheduling Based on
// Information Longevity, 2008). What waiting costs follows from what is believed of
// the resource's changes ([Belief]) and, where the origin tells when these were, of
// their rhythm. One feed alone has a price of its own ([Adaptive]). The feeds of an
// upstream with a budget share one, at which they use it up ([Pacer]), and get their
// turns evenly, never more than the [Budget] has.
package schedule
