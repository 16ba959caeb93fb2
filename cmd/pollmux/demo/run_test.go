package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/pollmux/pollmux/testdata/await"
)

func TestItEndsWithoutLeavingAGoroutine(t *testing.T) {
	d, err := Start(quick(3, io.Discard))
	if err != nil {
		t.Fatal(err)
	}
	await.Until(t, "clients are held, and a goroutine is seen", func() bool { return d.Telemetry().Lanes[4].Held == 3 && ours() > 3 })
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	await.Until(t, "none is left", func() bool { return ours() == 0 })
}

// ours counts the goroutines that run this project's code, or hold a connection
// for it, apart from tests.
func ours() (n int) {
	stacks := make([]byte, 4<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	for stack := range strings.SplitSeq(string(stacks), "\n\n") {
		held := strings.Contains(stack, "net/http.(*conn).serve") || strings.Contains(stack, "net/http.(*persistConn)")
		if (held || strings.Contains(stack, "pollmux/pollmux/")) && !strings.Contains(stack, "testing.tRunner(") {
			n++
		}
	}
	return n
}

func TestAPortInUseIsOneLineThatNamesTheFlag(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for flag, o := range map[string]Options{
		"--listen": {Listen: taken.Addr().String(), Admin: "127.0.0.1:0"},
		"--admin":  {Listen: "127.0.0.1:0", Admin: taken.Addr().String()},
	} {
		want := fmt.Sprintf("%s is in use: choose another address with %s, such as %s 127.0.0.1:0 for any free port", taken.Addr(), flag, flag)
		if err := Run(t.Context(), o, io.Discard); err == nil || err.Error() != want {
			t.Errorf("%s: %v", flag, err)
		}
	}
}

func TestAnAddressThatIsNoneIsAnErrorThatNamesTheFlag(t *testing.T) {
	for flag, o := range map[string]Options{
		"--listen": {Listen: "nowhere", Admin: "127.0.0.1:0"},
		"--admin":  {Listen: "127.0.0.1:0", Admin: "0.0.0.0:0"}, // everybody could read it
	} {
		if d, err := Start(o); err == nil || !strings.Contains(err.Error(), flag) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", flag, err)
			if d != nil {
				_ = d.Close()
			}
		}
	}
}

func TestTheTerminalIsToldWhereEverythingIsAndWhatIsSaved(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	out, ended := new(await.Log), make(chan error, 1)
	go func() { ended <- Run(ctx, quick(2, io.Discard), out) }()
	await.Until(t, "two lines of the account", func() bool { return strings.Count(out.String(), "% saved") >= 2 })
	interrupt()
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(await.Patience):
		t.Fatal("it does not end")
	}
	for _, want := range []string{"2 clients", "page ", "dashboard ", "origin ", "/api/scores", "Ctrl-C", "origin requests: ", "\nIn ", "4 x 2 clients", "% saved."} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in\n%s", want, out)
		}
	}
}

func TestTheLineOfTheAccountFitsIntoATerminal(t *testing.T) {
	with, without := 7.9, 62.0
	for want, a := range map[string]Account{
		"0:02  origin requests: 16 with pollmux, 124 without: 87 % saved": {Elapsed: 2 * time.Second, With: 16, Without: 124},
		"1:15  origin requests: 9 with pollmux, 0 without: 0 % saved":     {Elapsed: 75 * time.Second, With: 9},
		"61:01  origin requests: 1 with pollmux, 10 without: 90 % saved (now 7.9/s, not 62.0/s)": {
			Elapsed: time.Hour + 61*time.Second, With: 1, Without: 10, WithRate: &with, WithoutRate: &without,
		},
	} {
		if got := a.line(); got != want || len(got) > 100 {
			t.Errorf("got  %q\nwant %q", got, want)
		}
	}
}

func TestOnATerminalTheAccountStaysInItsPlace(t *testing.T) {
	var out strings.Builder
	s := &status{out: &out, inPlace: true}
	s.show(Account{})
	s.show(Account{})
	s.end()
	if text := out.String(); strings.Count(text, "\n") != 1 || strings.Count(text, "\r\x1b[K") != 2 || !strings.HasSuffix(text, "\n") {
		t.Errorf("%q", text)
	}
}

func TestAnErrorToListenKeepsItsCause(t *testing.T) {
	cause := errors.New("no such network")
	if err := listenError("--listen", "x", cause); !errors.Is(err, cause) {
		t.Error(err)
	}
}
