package audience

import "golang.org/x/sys/unix"

// Begin forgets what was counted.
func (a *Audience) Begin() { a.do(a.count.reset) }

// Lap returns what was counted since Begin.
func (a *Audience) Lap() (l Lap) {
	a.do(func() { l = a.count.lap() })
	return l
}

// State returns how things are.
func (a *Audience) State() (s State) {
	a.do(func() { s = a.state })
	return s
}

// Stop lets those with small buffers read no more, and returns how many they are.
func (a *Audience) Stop() (n int) {
	a.do(func() {
		for _, c := range a.clients {
			if c != nil && c.tight && !c.stopped && a.watch(c.fd, unix.EPOLL_CTL_DEL) == nil {
				c.stopped, c.skips, c.landed = true, 0, 0
				n++
			}
		}
	})
	return n
}

// Resume lets those who stopped read again, and returns when all of them have the
// version, which is the newest: behind what was under way to them, nothing else may
// come.
func (a *Audience) Resume(version int64) (r Resumed, s State, err error) {
	var those []*client
	a.do(func() {
		for _, c := range a.clients {
			if c != nil && c.stopped && a.watch(c.fd, unix.EPOLL_CTL_ADD) == nil {
				c.stopped = false
				those = append(those, c)
			}
		}
	})
	s, err = a.Await(version)
	a.do(func() {
		for _, c := range those {
			r.Readers++
			if c.skips > 0 {
				r.Blocked++
			}
			if c.skips > 1 || c.skips == 1 && c.landed != version || c.version != version {
				r.Wrong++
			}
		}
	})
	return r, s, err
}
