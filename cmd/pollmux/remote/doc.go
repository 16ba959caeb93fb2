// Package remote reads what the admin listener of a running pollmux says, for the
// commands that look at one: top, report, explain.
//
//	command ─► Client.Read ─► GET /api/… ─► admin
//
// Its errors are a line that says what to do.
package remote
