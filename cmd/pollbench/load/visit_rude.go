package load

import (
	"context"
	"fmt"
	"time"
)

// dribble sends a head byte by byte, until it is cut off or goes.
func (v *Visit) dribble(ctx context.Context) {
	_ = v.conn.wire.SetDeadline(time.Time{})
	began := time.Now()
	head := fmt.Sprintf("GET %s HTTP/1.1\r\nHost: %s\r\nX-Slow: %0512d", v.Target, v.traffic.Address, 0)
	for i := range len(head) {
		if _, err := v.conn.Write([]byte{head[i]}); err != nil || !pause(ctx, dribbleEvery) {
			return
		}
		if time.Since(began) > v.traffic.Dribble {
			v.traffic.Told.Dribbled.Add(1)
			return
		}
	}
}

const dribbleEvery = 20 * time.Millisecond

// floods is how many connections come at once.
const floods = 10

// flood opens connections and says nothing, or nothing that could be meant.
func (v *Visit) flood(ctx context.Context) {
	for range floods {
		c, err := dial(ctx, v.traffic.Address, smallBuffer)
		if err != nil {
			return
		}
		defer c.Close()
		switch v.random.IntN(4) {
		case 0:
			_, _ = c.Write([]byte("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"))
		case 1:
			_, _ = c.Write([]byte("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"))
		case 2:
			_, _ = fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", "/"+string(make([]byte, 100)), v.traffic.Address)
		}
	}
	pause(ctx, time.Duration(v.random.Int64N(int64(breather))))
}
