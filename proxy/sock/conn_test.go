package sock_test

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/pollmux/pollmux/proxy/sock"
)

// pair is a connection under test and its other end.
func pair(t *testing.T) (ours net.Conn, theirs *net.TCPConn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	client, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	server, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = client.Close(), server.Close() })
	return sock.New(server), client.(*net.TCPConn)
}

// TestWhatIsWrittenArrives in both directions at once, through sockets that are full
// most of the time.
func TestWhatIsWrittenArrives(t *testing.T) {
	ours, theirs := pair(t)
	sent := make([]byte, 32<<20)
	random := rand.NewChaCha8([32]byte{})
	_, _ = random.Read(sent)
	var wait sync.WaitGroup
	for _, way := range []struct{ from, to net.Conn }{{ours, theirs}, {theirs, ours}} {
		wait.Go(func() {
			if n, err := way.from.Write(sent); n != len(sent) || err != nil {
				t.Errorf("%d, %v", n, err)
			}
			_ = way.from.(interface{ CloseWrite() error }).CloseWrite()
		})
		wait.Go(func() {
			if got, err := io.ReadAll(way.to); !bytes.Equal(got, sent) || err != nil {
				t.Errorf("%d bytes came, %v", len(got), err)
			}
		})
	}
	wait.Wait()
}

func TestDeadlinesHold(t *testing.T) {
	ours, _ := pair(t)
	_ = ours.SetDeadline(time.Now().Add(10 * time.Millisecond))
	if n, err := ours.Read(make([]byte, 1)); n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("read: %d, %v", n, err)
	}
	full := make([]byte, 64<<20)
	if n, err := ours.Write(full); n == len(full) || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("write: %d, %v", n, err)
	}
	_ = ours.SetDeadline(time.Now().Add(10 * time.Millisecond))
	if n, err := ours.Write(full); n == 0 || n == len(full) || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a write that began well: %d, %v", n, err)
	}
}

func TestItsErrorsSayWhatHappened(t *testing.T) {
	ours, theirs := pair(t)
	if n, err := ours.Read(nil); n != 0 || err != nil {
		t.Errorf("nothing was read: %d, %v", n, err)
	}
	_ = theirs.SetLinger(0)
	_ = theirs.Close()
	_, err := ours.Read(make([]byte, 1))
	if failure := new(net.OpError); !errors.As(err, &failure) || failure.Op != "read" || !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("after a reset: %v", err)
	}
	if _, err := ours.Write([]byte("x")); !errors.Is(err, syscall.EPIPE) {
		t.Errorf("to nobody: %v", err)
	}
	_ = ours.Close()
	if _, err := ours.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
		t.Errorf("after its end: %v", err)
	}
}

func TestCloseEndsAPendingRead(t *testing.T) {
	ours, _ := pair(t)
	ended := make(chan error)
	go func() {
		_, err := ours.Read(make([]byte, 1))
		ended <- err
	}()
	_ = ours.Close()
	if err := <-ended; !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
}

func TestReadingAndWritingAllocateNothing(t *testing.T) {
	ours, theirs := pair(t)
	buf := make([]byte, 64)
	if n := testing.AllocsPerRun(200, func() {
		_, _ = ours.Write(buf)
		_, _ = theirs.Read(buf)
		_, _ = theirs.Write(buf)
		_, _ = ours.Read(buf)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestWhatIsNoTCPConnectionStaysAsItIs(t *testing.T) {
	one, other := net.Pipe()
	defer one.Close()
	defer other.Close()
	if sock.New(one) != one {
		t.Error("it does not")
	}
}

// TestAConnectionThatShedItsWaysWorks while it does that, too.
func TestAConnectionThatShedItsWaysWorks(t *testing.T) {
	ours, theirs := pair(t)
	sent := make([]byte, 4<<20)
	_, _ = rand.NewChaCha8([32]byte{}).Read(sent)
	var wait sync.WaitGroup
	wait.Go(func() {
		for rest := sent; len(rest) > 0; {
			n, err := ours.Write(rest[:min(len(rest), 10000)])
			if rest = rest[n:]; err != nil {
				t.Error(err)
				return
			}
		}
		_ = ours.(interface{ CloseWrite() error }).CloseWrite()
	})
	wait.Go(func() {
		if got, err := io.ReadAll(theirs); !bytes.Equal(got, sent) || err != nil {
			t.Errorf("%d bytes came, %v", len(got), err)
		}
		_, _ = theirs.Write([]byte("thanks"))
		_ = theirs.CloseWrite()
	})
	sock.Shed(ours)
	wait.Wait()
	if got, err := io.ReadAll(ours); string(got) != "thanks" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
}
