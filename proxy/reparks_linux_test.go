//go:build linux && !goroutines

package proxy

// reparks says that a long poll is asked again where it is. In goroutine mode its
// connection is given back.
const reparks = true
