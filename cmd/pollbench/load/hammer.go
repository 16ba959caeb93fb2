package load

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"sync"
	"time"
)

// Hammer is a load of clients that forgive nothing: none of them sends a request
// again, and each that is not answered is lost. All that they do is to look whether a
// kept connection was closed before they use it again, as every pool does. It is what
// a server is tried with that is replaced while it serves.
type Hammer struct {
	Address string
	Host    string        // "" is the address
	Fresh   int           // clients that connect anew for each request
	Kept    int           // clients that keep their connection until they are told not to
	Think   time.Duration // the longest time between an answer and the next request on a kept connection
	Write   float64       // the share of requests that are POSTs
}

// Blows are what came of a hammer.
type Blows struct {
	Answered int64            `json:"answered"`
	Lost     int64            `json:"lost"`
	Failed   int64            `json:"failed"` // answered with another status than 200
	Reasons  map[string]int64 `json:"reasons,omitempty"`
}

// Run goes on until ctx ends, and the last requests are answered.
func (h Hammer) Run(ctx context.Context) Blows {
	b := Blows{Reasons: map[string]int64{}}
	var mu sync.Mutex
	count := func(status int, err error) {
		mu.Lock()
		defer mu.Unlock()
		switch {
		case err != nil:
			b.Lost++
			b.Reasons[err.Error()]++
		case status != http.StatusOK:
			b.Failed++
			b.Reasons[fmt.Sprint("status ", status)]++
		default:
			b.Answered++
		}
	}
	var all sync.WaitGroup
	for i := range h.Fresh + h.Kept {
		all.Go(func() {
			c := striker{hammer: h, fresh: i < h.Fresh}
			defer c.hangUp()
			for ctx.Err() == nil {
				count(c.strike())
				if !c.fresh && h.Think > 0 {
					time.Sleep(rand.N(h.Think))
				}
			}
		})
	}
	all.Wait()
	return b
}

// striker is one client.
type striker struct {
	hammer Hammer
	fresh  bool
	conn   net.Conn
	reader *bufio.Reader
	sent   int
}

// hammerPatience is how long an answer may take.
const hammerPatience = 30 * time.Second

// strike sends one request and reads its answer.
func (s *striker) strike() (status int, err error) {
	if s.conn != nil && isClosed(s.conn) {
		s.hangUp()
	}
	kind := "new"
	if s.conn == nil {
		if s.conn, err = net.DialTimeout("tcp", s.hammer.Address, hammerPatience); err != nil {
			s.conn = nil
			return 0, fmt.Errorf("connect: %w", stripped(err))
		}
		s.reader = bufio.NewReader(s.conn)
	} else {
		kind = "kept"
	}
	_ = s.conn.SetDeadline(time.Now().Add(hammerPatience))
	closing := true
	defer func() {
		if err != nil || closing || s.fresh {
			s.hangUp()
		}
	}()
	if _, err = io.WriteString(s.conn, s.request()); err != nil {
		return 0, fmt.Errorf("write on a %s connection: %w", kind, stripped(err))
	}
	resp, err := http.ReadResponse(s.reader, nil)
	if err == nil {
		_, err = io.Copy(io.Discard, resp.Body)
	}
	if err != nil {
		return 0, fmt.Errorf("read on a %s connection: %w", kind, stripped(err))
	}
	closing = resp.Close
	return resp.StatusCode, nil
}

func (s *striker) request() string {
	host := s.hammer.Host
	if host == "" {
		host = s.hammer.Address
	}
	s.sent++
	if rand.Float64() < s.hammer.Write {
		return "POST /up HTTP/1.1\r\nHost: " + host + "\r\nContent-Length: 5\r\n\r\nhello"
	}
	return fmt.Sprintf("GET /any/%d HTTP/1.1\r\nHost: %s\r\n\r\n", s.sent%10, host)
}

// hangUp resets the connection, so that no port waits for a minute behind it.
func (s *striker) hangUp() {
	if s.conn != nil {
		if tcp, ok := s.conn.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0)
		}
		_ = s.conn.Close()
		s.conn = nil
	}
}

// stripped is what the system said, without addresses.
func stripped(err error) error {
	if op, ok := err.(*net.OpError); ok {
		return op.Err
	}
	return err
}
