//go:build race

package schedule

// racing: the race detector makes reckoning ten times as slow.
const racing = true
