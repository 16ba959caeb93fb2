package audience

import (
	"slices"
	"testing"

	"github.com/pollmux/pollmux/cmd/pollbench/load"
	"github.com/pollmux/pollmux/upgrade/coding"
)

func TestSnapshotsAreFoundInACompressedStream(t *testing.T) {
	press := coding.NewPress()
	for _, name := range Codings() {
		c := coding.Parse(name)
		text := "HTTP/1.1 200 OK\r\nContent-Encoding: " + name + "\r\nTransfer-Encoding: chunked\r\n\r\n"
		for _, piece := range [][]byte{[]byte(c.Opening()), coding.Stored(c, []byte(":\n\n")).Bytes} {
			if len(piece) > 0 {
				text += chunk(string(piece))
			}
		}
		var want []string
		for i := range 3 {
			want = append(want, snapshot(i+1))
			text += chunk(string(press.Fragment(c, []byte("id: a rather long one\ndata: "+snapshot(i+1)+"\n\n")).Bytes))
		}
		o := Options{Kind: load.SSE, Size: size, Coding: name, unpacker: newUnpacker(name)}
		for _, pieces := range []int{1, 7, len(text)} {
			if found, err := read(o, text, pieces); err != nil || !slices.Equal(found, want) {
				t.Errorf("%s, %d bytes at a time: %q, %v", name, pieces, found, err)
			}
		}
		if _, err := read(o, text+chunk("nothing of the kind"), len(text)); err == nil {
			t.Errorf("%s: no error", name)
		}
		if _, err := read(Options{Kind: load.SSE, Size: size}, text, len(text)); err == nil {
			t.Errorf("%s: it was not asked for", name)
		}
	}
}
