package bench

import (
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/pollmux/pollmux/cmd/pollbench/child"
	"github.com/pollmux/pollmux/cmd/pollbench/proc"
)

// This program is started again as the children of its own tests.
func TestMain(m *testing.M) {
	if len(os.Args) == 4 && os.Args[1] == "child" {
		err := child.Run(os.Args[2], os.Args[3], child.Standard{In: os.Stdin, Out: os.Stdout, Err: os.Stderr})
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	_ = os.Setenv("GORACE", "atexit_sleep_ms=0") // or each child takes a second to end
	os.Exit(m.Run())
}

// alone skips where there is no /proc, and fails the test if it leaves processes
// or files behind.
func alone(t *testing.T) {
	t.Helper()
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		t.Skip("no /proc here")
	}
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	t.Cleanup(func() {
		if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
			t.Errorf("left behind: %v, %v", left, err)
		}
		if left, err := proc.Children(os.Getpid()); err == nil && len(left) > 0 {
			t.Errorf("left running: %+v", left)
		}
	})
}

// written is what write writes, with single spaces.
func written(write func(w io.Writer)) string {
	var b strings.Builder
	write(&b)
	return strings.Join(strings.Fields(b.String()), " ")
}

// mentions checks what a text has in it.
func mentions(t *testing.T, text string, words ...string) {
	t.Helper()
	for _, word := range words {
		if !strings.Contains(text, word) {
			t.Errorf("%q does not mention %q", text, word)
		}
	}
}
