//go:build race

package proxy

// racing: the race detector makes sync.Pool forget at random.
const racing = true
