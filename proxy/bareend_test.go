package proxy

import "testing"

func TestABareEndIsSeenHoweverItComes(t *testing.T) {
	for text, want := range map[string]bool{
		"": false, "a\nb\n\nc": false, "a\r\n\r\n\n": true, "0\r\n\nGET": true, "\r\n\n": true, "\r\r\n\r\n": false, "\n\n\n": false, "x\r\n\r\nx\r\n\n": true, "\r\n": false,
	} {
		for first := range len(text) + 1 {
			for second := first; second <= len(text); second++ {
				var ends bareEnds
				for _, part := range []string{text[:first], text[first:second], text[second:]} {
					ends.look([]byte(part))
				}
				if got := ends.seen.Load(); got != want {
					t.Errorf("%q, %q, %q: %v", text[:first], text[first:second], text[second:], got)
				}
			}
		}
	}
}
