package upgrade_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"github.com/pollmux/pollmux/upgrade"
)

// oracle says RFC 6455 again, over bytes that are all there: what a server hears
// and answers, a word for each, and how it ends.
type oracle struct {
	heard  []string
	extras int // frames that are no part of a message
	text   bool
	inside bool
	data   []byte
}

const oracleMost = 300

// read reads frames until one ends the conversation, or the bytes are over.
func (o *oracle) read(b []byte) string {
	for len(b) >= 2 {
		first, short := b[0], int(b[1]&0x7f)
		op, end := first&15, first >= 128
		control := op >= 8
		if first>>4&7 != 0 || op > 2 && op < 8 || op > 10 || b[1] < 128 || control && (!end || short > 125) {
			return "close 1002"
		}
		b = b[2:]
		size := uint64(short)
		if extra := map[int]int{126: 2, 127: 8}[short]; extra > 0 {
			if len(b) < extra {
				return "gone"
			}
			size = binary.BigEndian.Uint64(append(make([]byte, 8-extra), b[:extra]...))
			if b = b[extra:]; size < 126 || extra == 8 && size < 1<<16 || size > 1<<63-1 {
				return "close 1002"
			}
		}
		if len(b) < 4 {
			return "gone"
		}
		mask := b[:4]
		b = b[4:]
		there := b[:min(uint64(len(b)), size)]
		b = b[len(there):]
		payload := make([]byte, len(there))
		for i := range there {
			payload[i] = there[i] ^ mask[i%4]
		}
		if control {
			if o.extras++; uint64(len(payload)) < size {
				return "gone"
			}
			if end := o.control(op, payload); end != "" {
				return end
			}
			continue
		}
		if end := o.fragment(op, payload, size, end); end != "" {
			return end
		}
	}
	return "gone"
}

func (o *oracle) control(op byte, payload []byte) (end string) {
	switch {
	case op == 9:
		o.heard = append(o.heard, "pong "+string(payload))
	case op == 10:
	case len(payload) == 0:
		return "close"
	case len(payload) == 1, !mayBeSaid(int(binary.BigEndian.Uint16(payload))):
		return "close 1002"
	case !utf8.Valid(payload[2:]):
		return "close 1007"
	default:
		return fmt.Sprint("close ", binary.BigEndian.Uint16(payload))
	}
	return ""
}

func (o *oracle) fragment(op byte, payload []byte, size uint64, last bool) (end string) {
	if o.inside != (op == 0) {
		return "close 1002"
	}
	if !o.inside {
		o.inside, o.text, o.data = true, op == 1, nil
	}
	if size == 0 && !last {
		o.extras++
	}
	if uint64(len(o.data))+size > oracleMost {
		return "close 1009"
	}
	o.data = append(o.data, payload...)
	switch {
	case o.text && !mayBecomeText(o.data):
		return "close 1007"
	case uint64(len(payload)) < size:
		return "gone"
	case !last:
		return ""
	case o.text && !utf8.Valid(o.data):
		return "close 1007"
	}
	o.inside = false
	o.heard = append(o.heard, map[bool]string{true: "text ", false: "binary "}[o.text]+string(o.data))
	return ""
}

// mayBecomeText tries what could follow.
func mayBecomeText(b []byte) bool {
	next := [][]byte{nil}
	for range 4 {
		var longer [][]byte
		for _, n := range next {
			if utf8.Valid(append(bytes.Clone(b), n...)) {
				return true
			}
			for _, c := range []byte{0x80, 0x90, 0xa0} {
				longer = append(longer, append(bytes.Clone(n), c))
			}
		}
		next = longer
	}
	return false
}

func FuzzInbox(f *testing.F) {
	f.Add([]byte{})
	f.Add(join(clientFrame(true, opText, "h\u00e9llo"), clientFrame(true, opPing, "p"), closing(1000, "bye")))
	f.Add(join(fragments(opBinary, strings.Repeat("\xff", 200), 70), clientFrame(true, opClose, "")))
	f.Add(join(clientFrame(false, opText, "\xe2"), clientFrame(true, opPong, ""), clientFrame(false, 0, ""), clientFrame(true, 0, "\x82\xac"), clientFrame(true, opClose, "x")))
	f.Add(clientFrame(false, opText, "\xf4\x90"))
	f.Add(clientFrame(true, opBinary, strings.Repeat("x", oracleMost+1)))
	f.Add([]byte("\x82\xfe\x00\x05\x00\x00\x00\x00hello"))
	f.Add([]byte("\x81\xff\x80\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		var o oracle
		end := o.read(b)
		if o.extras >= upgrade.MaxChatter/upgrade.FramePrice {
			return
		}
		for how, r := range map[string]io.Reader{"at once": bytes.NewReader(b), "byte by byte": iotest.OneByteReader(bytes.NewReader(b)), "with the end": iotest.DataErrReader(bytes.NewReader(b))} {
			var heard []string
			answer := func(frame []byte) string {
				f, rest, ok := cutFrame(frame)
				if !ok || len(rest) > 0 || !f.final {
					t.Fatalf("answered %q", frame)
				}
				return said(f)
			}
			last := upgrade.ReadInbox(r, oracleMost, func(m upgrade.Message) {
				heard = append(heard, map[bool]string{true: "text ", false: "binary "}[m.Text]+string(m.Data))
			}, func(frame []byte) { heard = append(heard, answer(frame)) })
			got := "gone"
			if last != nil {
				got = answer(last)
			}
			if got != end || strings.Join(heard, ",") != strings.Join(o.heard, ",") {
				t.Fatalf("%s: %q, want %q, for %q", how, append(heard, got), append(o.heard, end), b)
			}
		}
	})
}

// What a head announces costs nothing until it is there.
func TestALengthThatIsOnlyAnnouncedTakesNoMemory(t *testing.T) {
	const most = 64 << 20
	frame := binary.BigEndian.AppendUint64([]byte{0x80 | opBinary, 0x80 | 127}, most)
	frame = append(frame, make([]byte, 4+1000)...) // its mask, and the beginning of what it announces
	least := uint64(math.MaxUint64)
	for range 5 { // others may take some meanwhile
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if last := upgrade.ReadInbox(bytes.NewReader(frame), most, func(upgrade.Message) { t.Error("a message") }, nil); last != nil {
			t.Errorf("ended with %q", last)
		}
		runtime.ReadMemStats(&after)
		least = min(least, after.TotalAlloc-before.TotalAlloc)
	}
	if least > 64<<10 {
		t.Errorf("%d bytes for 1000", least)
	}
}
