package upgrade_test

import (
	"fmt"
	"testing"
)

// wellFormed and illFormed are the rows of the Unicode Standard's table 3-7 at
// their borders, and beyond them.
var (
	wellFormed = []string{
		"", "\x00", "\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xe0\xbf\xbf", "\xe1\x80\x80", "\xec\xbf\xbf", "\xed\x80\x80", "\xed\x9f\xbf",
		"\xee\x80\x80", "\xef\xbf\xbe", "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf0\xbf\xbf\xbf", "\xf1\x80\x80\x80", "\xf3\xbf\xbf\xbf",
		"\xf4\x80\x80\x80", "\xf4\x8f\xbf\xbf", "h\u00e9llo \u20ac \U0001F600",
	}

	// Of each, all but the last byte might still have become a character.
	illFormed = []string{
		"\x80", "\xbf", "\xc0", "\xc1", "\xf5", "\xf8", "\xfc", "\xfe", "\xff", "\xc2\x7f", "\xc2\xc0", "\xdf\x00", "\xe0\x9f", "\xe0\x80", "\xe0\xc0",
		"\xe1\x7f", "\xe1\x80\x7f", "\xe1\x80\xc0", "\xec\xbf\x00", "\xed\xa0", "\xed\xbf", "\xed\x80\x7f", "\xef\xbf\xff", "\xf0\x8f", "\xf0\x80", "\xf0\x90\x7f",
		"\xf0\x90\x80\x7f", "\xf1\xc0", "\xf3\xbf\xbf\xc0", "\xf4\x90", "\xf4\xbf", "\xf4\x8f\xbf\x7f",
	}
)

// Section 8.1: text is UTF-8, and how it is cut into frames has nothing to do
// with its characters.
func TestRFC6455TextIsUTF8(t *testing.T) {
	var talks []talk
	for _, text := range wellFormed {
		for _, around := range []string{"", "x", "\u20ac"} {
			whole := around + text + around
			for _, size := range []int{1, 2, 3, 1000} {
				talks = append(talks, talk{fmt.Sprintf("%q by %d", whole, size), fragments(opText, whole, size), 0, "text " + whole + ","})
			}
		}
	}
	empty := clientFrame(false, 0, "")
	talks = append(talks,
		talk{"empty fragments", join(clientFrame(false, opText, ""), empty, clientFrame(true, 0, "")), 0, "text ,"},
		talk{"empty fragments within a character", join(clientFrame(false, opText, "\xe2"), empty, clientFrame(false, 0, "\x82"), empty, clientFrame(true, 0, "\xac")), 0, "text \u20ac,"},
		talk{"a ping within a character", join(clientFrame(false, opText, "\xe2\x82"), clientFrame(true, opPing, "\xff"), clientFrame(true, 0, "\xac")), 0, "pong \xff,text \u20ac,"})
	holdAll(t, talks)
}

// It fails as soon as it can be no more: the frames of these messages never end.
func TestRFC6455TextThatIsNotUTF8FailsAtOnce(t *testing.T) {
	var talks []talk
	for _, bad := range illFormed {
		for _, before := range []string{"", "x", "\U0001F600"} {
			text := before + bad
			begun := clientFrame(true, opText, text+"and much more")[:6+len(text)] // of the payload, no more than the bad byte
			talks = append(talks,
				talk{fmt.Sprintf("%q, in a frame that goes on", text), begun, 1, "close 1007,"},
				talk{fmt.Sprintf("%q, in a fragment", text), clientFrame(false, opText, text), 0, "close 1007,"},
				talk{fmt.Sprintf("%q, in fragments", text), fragments(opText, text+"x", 1)[:7*len(text)], 0, "close 1007,"})
		}
	}
	holdAll(t, talks)
}

// It does not fail before: each of these may still become a character, and is
// one only if it does.
func TestRFC6455TextFailsNoSooner(t *testing.T) {
	for _, bad := range illFormed {
		if len(bad) < 2 {
			continue
		}
		r := newSockets(t, newFake(""), echo).open()
		r.send(clientFrame(false, opText, bad[:len(bad)-1]))
		r.send(clientFrame(true, opPing, "still there"))
		r.want(opPong, "still there")
		r.send(clientFrame(true, 0, ""))
		r.wantClose(1007)
	}
}
