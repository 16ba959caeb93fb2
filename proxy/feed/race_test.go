//go:build race

package feed

// racing: the race detector makes sync.Pool forget at random.
const racing = true
