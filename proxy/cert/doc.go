// Package cert keeps the certificates that a listener shows, and has them replaced
// while it serves.
//
//	files ── every 10 s, or Reload ──► pairs ──► one atomic pointer ──► handshakes
//	            │ not good: told once, and the old ones stay
//
// Whoever renews certificates writes two files, or swaps a link to a directory, and
// tells nobody: so a [Keeper] reads its files again and again, and compares what is
// in them. That costs two small reads in ten seconds, and sees what a watch on a
// directory does not: a link that is swapped two directories further up, a network
// file system. Between the writing of a certificate and that of its key the two do
// not go together; then the old pair stays, and the next look finds the new one.
//
// A connection keeps the certificate that it began with.
//
// The package imports nothing of ours.
package cert
