//go:build race

package origin

// racing: the race detector makes sync.Pool forget at random.
const racing = true
