package sock

import "testing"

func FuzzRecords(f *testing.F) {
	f.Add([]byte("\x16\x03\x03\x00\x02hi\x15\x03\x03\x00\x00"), uint8(3))
	f.Fuzz(func(t *testing.T, wire []byte, step uint8) {
		var r Records
		for rest := wire; len(rest) > 0; {
			n := min(len(rest), int(step)+1)
			r.Follow(rest[:n])
			rest = rest[n:]
		}
		for len(wire) >= 5 && len(wire) >= 5+int(wire[3])<<8+int(wire[4]) {
			wire = wire[5+int(wire[3])<<8+int(wire[4]):]
		}
		if r.Whole() != (len(wire) == 0) {
			t.Fatalf("whole: %v, %d bytes of a record", r.Whole(), len(wire))
		}
	})
}
