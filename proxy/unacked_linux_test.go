package proxy

import (
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// TestAHeldClientBehindADeadNetworkIsGivenUp takes the network down under a
// stream that has nothing to say but heartbeats. It does so in a child, in a
// network of its own.
func TestAHeldClientBehindADeadNetworkIsGivenUp(t *testing.T) {
	if os.Getenv("POLLMUX_TEST_NETWORK") == "" {
		child := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
		child.Env = append(os.Environ(), "POLLMUX_TEST_NETWORK=own")
		child.SysProcAttr = &syscall.SysProcAttr{
			Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET,
			UidMappings: []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}},
			GidMappings: []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}},
		}
		out, err := child.CombinedOutput()
		if len(out) == 0 || strings.Contains(string(out), "--- SKIP") {
			t.Skip("no network of its own: ", err)
		}
		if err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	loopback(t, true)
	r := newRig(t, "interval: 1h", "keepalive: 1s", "timeouts: {write: 500ms}")
	s := r.stream("/x", "text/event-stream")
	s.event()
	loopback(t, false)
	r.eventually("nobody is held", func() bool { return r.connections() == 0 })
}

// loopback takes the loopback interface up or down.
func loopback(t *testing.T, up bool) {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM, 0)
	if err != nil {
		t.Skip(err)
	}
	defer unix.Close(fd)
	request, err := unix.NewIfreq("lo")
	if err != nil {
		t.Fatal(err)
	}
	if up {
		request.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
	}
	if err := unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, request); err != nil {
		t.Skip(err)
	}
}
