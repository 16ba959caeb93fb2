package proxy

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"unsafe"
)

func TestAWriteEndsForAReaderThatTakesASliceNowAndThen(t *testing.T) {
	const snapshot = 10 << 20
	for name, test := range map[string]struct {
		pause time.Duration
		ends  time.Duration // 0: it is written
	}{
		"as slowly as each slice allows": {29 * time.Second, 30*time.Second + snapshot/writeRate*time.Second},
		"slow and honest":                {2 * time.Second, 0},
		"stuck":                          {time.Hour, 30 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ours, theirs := net.Pipe()
				c := &conn{Conn: ours, writeTimeout: 30 * time.Second}
				var reader sync.WaitGroup
				defer reader.Wait()
				reader.Go(func() {
					for err := error(nil); err == nil; time.Sleep(test.pause) {
						_, err = io.ReadFull(theirs, make([]byte, writeSlice))
					}
				})
				begin := time.Now()
				n, err := c.Write(make([]byte, snapshot))
				if took := time.Since(begin); test.ends != 0 && (!errors.Is(err, os.ErrDeadlineExceeded) || took != test.ends) {
					t.Errorf("%d bytes, %v after %v", n, err, took)
				}
				if test.ends == 0 && err != nil {
					t.Errorf("%d bytes, %v", n, err)
				}
				_ = c.Close()
			})
		})
	}
}

// Beside the socket, its goroutine and what fasthttp has, which a held client does
// without, this is what each client costs.
func TestAConnectionIsSmall(t *testing.T) {
	if size := unsafe.Sizeof(conn{}); size > 224 { // a size of the allocator's
		t.Errorf("%d bytes", size)
	}
}
