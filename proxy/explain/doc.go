// Package explain is what pollmux says of one request that somebody asks about: what
// becomes of it, and why.
//
//	Question ─► proxy.Proxy.Explain ─► Explanation ─► JSON, or Text
//
// The proxy fills an Explanation by the very functions that serve requests; nothing is
// decided here. An Explanation has no value of a credential, nor a hash of one: it is
// made to be pasted into a ticket.
package explain
