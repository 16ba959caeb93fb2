//go:build !linux || goroutines

package proxy

const reparks = false
