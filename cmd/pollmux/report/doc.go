// Package report writes what pollmux saved as a page of Markdown, to be handed to
// somebody who does not read statistics.
//
//	/api/stats ──┬─► Input ─► sections ─► Markdown
//	an earlier ──┘ (Since)
//
// What was measured stands apart from what is estimated, and everything that the
// figures rest on is said. It is one page: long lists end with the rest in one line.
// The same input is the same page, byte for byte.
package report
