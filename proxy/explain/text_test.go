package explain

import (
	"strings"
	"testing"
)

func TestATerminalIsSentNothingButText(t *testing.T) {
	said := Explanation{Request: Request{Method: "GET", Host: "\u009b31mx", Target: "/\x1b]0;x\a\u202e/ü"}, Outcome: Outcome{Is: Passed, Why: "so"}}
	var text strings.Builder
	if err := said.Text(&text, ""); err != nil {
		t.Fatal(err)
	}
	if want := "GET ?31mx/?]0;x??/ü\npassed: so\n"; text.String() != want {
		t.Errorf("%q, want %q", &text, want)
	}
}
