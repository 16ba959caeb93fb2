package feed

import "sync"

// charge is what one version takes of the limit on what is kept: its body, and
// each encoding of it, which clients have made when they need it. Its methods may
// be called concurrently.
type charge struct {
	set *Feeds

	mu    sync.Mutex
	bytes int64
	over  bool
}

func newCharge(set *Feeds, bytes int) *charge {
	c := &charge{set: set}
	c.add(bytes)
	return c
}

// grow takes more, and makes room for it.
func (c *charge) grow(bytes int) {
	c.add(bytes)
	c.set.trim()
}

// add takes more. What slow clients still have made of a version that is not kept
// any more lasts as long as they do.
func (c *charge) add(bytes int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.over {
		c.bytes += int64(bytes)
		c.set.bytes.Add(int64(bytes))
	}
}

// end gives everything back, once.
func (c *charge) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.over {
		c.over = true
		c.set.bytes.Add(-c.bytes)
	}
}
