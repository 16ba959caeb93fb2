//go:build unix

package fanout_test

import (
	"io"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/pollmux/pollmux/upgrade/fanout"
)

// sender tells a frame as often as its board changes.
type sender struct {
	reader
	frame []byte
}

func (s *sender) Next() ([]byte, <-chan struct{}, bool) {
	version, changed := s.board.latest()
	if version == s.have {
		return nil, changed, false
	}
	s.have = version
	return s.frame, nil, false
}

// crowd is a number of clients that count what they got.
type crowd struct {
	servers []net.Conn
	left    atomic.Int64
	served  chan struct{} // one for each time that left comes to 0
}

func newCrowd(b *testing.B, n, size int) *crowd {
	c := &crowd{served: make(chan struct{}, 1)}
	var reading sync.WaitGroup
	for range n {
		client, server := socketPair(b)
		_ = client.SetDeadline(time.Time{})
		c.servers = append(c.servers, server)
		reading.Go(func() {
			for frame := make([]byte, size); ; {
				if _, err := io.ReadFull(client, frame); err != nil {
					return
				}
				if c.left.Add(-1) == 0 {
					c.served <- struct{}{}
				}
			}
		})
		b.Cleanup(func() { _ = client.Close() })
	}
	b.Cleanup(reading.Wait)
	return c
}

// round sends to all and waits until all have it.
func (c *crowd) round(send func()) (wall, cpu time.Duration) {
	c.left.Store(int64(len(c.servers)))
	begin, used := time.Now(), processorTime()
	send()
	<-c.served
	return time.Since(begin), processorTime() - used
}

func processorTime() time.Duration {
	var r syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &r)
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// BenchmarkPublish takes what is published to a thousand clients over loopback
// through the engine and, in turn, through a bare loop that writes the same bytes
// to the same sockets. Both include the clients' reading.
func BenchmarkPublish(b *testing.B) {
	for name, size := range map[string]int{"100B": 100, "10KiB": 10 << 10} {
		b.Run(name, func(b *testing.B) {
			const clients = 1000
			frame := make([]byte, size)
			c, board := newCrowd(b, clients, size), newBoard()
			e := fanout.New(func(err error) { b.Error(err) })
			for _, server := range c.servers {
				e.Hold(server, &sender{reader: reader{board: board}, frame: frame}, fanout.Terms{Beat: time.Hour}, func(fanout.End) {})
			}
			bare := func() {
				for _, server := range c.servers {
					if _, err := server.Write(frame); err != nil {
						b.Error(err)
					}
				}
			}
			for range 10 {
				c.round(board.publish)
				c.round(bare)
			}
			b.ReportAllocs()
			var wall, cpu, bareWall, bareCPU time.Duration
			for b.Loop() {
				w, p := c.round(board.publish)
				wall, cpu = wall+w, cpu+p
				b.StopTimer()
				w, p = c.round(bare)
				bareWall, bareCPU = bareWall+w, bareCPU+p
				b.StartTimer()
			}
			b.ReportMetric(float64(wall)/float64(bareWall), "wall/bare")
			b.ReportMetric(float64(cpu)/float64(bareCPU), "cpu/bare")
			b.ReportMetric(float64(cpu.Nanoseconds())/float64(b.N)/clients, "cpu-ns/message")
			b.StopTimer()
			e.Close()
		})
	}
}
