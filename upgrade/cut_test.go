package upgrade_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/pollmux/pollmux/upgrade"
	"github.com/pollmux/pollmux/upgrade/fanout"
)

// A client's words mean the same wherever they are cut, with messages that are handed
// on meanwhile, and nothing of them is lost or changes places.
func TestWordsMeanTheSameWhereverTheyAreCut(t *testing.T) {
	var words []byte
	for _, f := range []struct {
		first   byte
		payload string
	}{
		{0x01, "gr\xc3"}, {0x89, "a"}, {0x00, ""}, {0x80, "\xbc\xc3\x9f"}, // text, with a ping between its fragments
		{0x82, "\x00\x01"}, {0x89, ""}, {0x89, "b"}, {0x81, ""}, {0x8a, "unasked"}, {0x81, "last"},
		{0x88, "\x03\xe8bye"}, {0x81, "never"},
	} {
		mask := [4]byte{7, 77, 177, byte(len(words))}
		words = append(append(words, f.first, 0x80|byte(len(f.payload))), mask[:]...)
		for i := range len(f.payload) {
			words = append(words, f.payload[i]^mask[i%4])
		}
	}
	want := "text \"grüß\", binary \"\\x00\\x01\", text \"\", text \"last\", "
	for i := range len(words) {
		for j := i; j < len(words); j++ {
			heard, said := converse(t, words[:i], words[i:j], words[j:])
			if heard != want || !bytes.Equal(said, []byte("\x8a\x01a\x8a\x00\x8a\x01b\x88\x02\x03\xe8")) {
				t.Fatalf("cut at %d and %d: heard %s, said %q", i, j, heard, said)
			}
		}
	}
}

// converse does what an engine does with pieces that come one after another, until
// the session ends.
func converse(t *testing.T, pieces ...[]byte) (heard string, said []byte) {
	s := upgrade.NewSocket(sampleKey, nil, newFake(""), upgrade.SocketOptions{
		MaxMessage: 100, Delivered: func(*upgrade.Update) {},
		Send: func(m upgrade.Message) error {
			kind := "binary"
			if m.Text {
				kind = "text"
			}
			heard += fmt.Sprintf("%s %q, ", kind, m.Data)
			return nil
		},
	})
	_, _ = told(s) // the answer to the handshake
	for _, p := range pieces {
		for {
			verdict, work := s.Heard(bytes.Clone(p))
			if verdict != fanout.Listening {
				more, _ := told(s)
				return heard, append(append(said, more...), s.Expire()...)
			}
			more, _ := told(s)
			said = append(said, more...)
			if p = nil; work == nil {
				break
			}
			work()
		}
	}
	t.Fatal("it did not end")
	return "", nil
}
