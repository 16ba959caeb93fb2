// Package golden compares what tests print with the files beside it.
package golden

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// Equal compares a text with the file of that name. Run with POLLMUX_UPDATE=1 after a
// change, and read the difference.
func Equal(t testing.TB, name, got string) {
	t.Helper()
	_, here, _, _ := runtime.Caller(0)
	path := filepath.Join(filepath.Dir(here), name)
	if os.Getenv("POLLMUX_UPDATE") != "" {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs. Got:\n%s", name, got)
	}
}
