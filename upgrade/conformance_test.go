package upgrade_test

import (
	"fmt"
	"strings"
	"testing"
)

// These are the sections of RFC 6455 that bind a server, as conversations over a
// real connection.

// Section 5.2: any length, in the three ways to say it, however it is cut on its
// way.
func TestRFC6455Framing(t *testing.T) {
	var talks []talk
	for _, size := range []int{0, 1, 125, 126, 127, 128, 65535, 65536, 65537, 1 << 20} {
		for _, chop := range []int{0, 1, 997} {
			if chop == 1 && size > 200 {
				continue
			}
			text, bytes := strings.Repeat("*", size), strings.Repeat("\xfe", size)
			talks = append(talks,
				talk{fmt.Sprintf("text of %d, cut to %d", size, chop), clientFrame(true, opText, text), chop, "text " + text + ","},
				talk{fmt.Sprintf("binary of %d, cut to %d", size, chop), clientFrame(true, opBinary, bytes), chop, "binary " + bytes + ","})
		}
	}
	holdAll(t, talks)
}

// Sections 5.5.2 and 5.5.3: each ping is answered with its own payload, in order;
// a pong is not.
func TestRFC6455PingsAndPongs(t *testing.T) {
	ping := func(payload string) []byte { return clientFrame(true, opPing, payload) }
	pong := func(payload string) []byte { return clientFrame(true, opPong, payload) }
	long := strings.Repeat("\xfe", 125)
	var ten []byte
	var answers string
	for n := range 10 {
		ten, answers = append(ten, ping(fmt.Sprint(n))...), answers+fmt.Sprint("pong ", n, ",")
	}
	holdAll(t, []talk{
		{"empty", ping(""), 0, "pong ,"},
		{"binary", ping("\x00\xff\xfe"), 0, "pong \x00\xff\xfe,"},
		{"the longest", ping(long), 0, "pong " + long + ","},
		{"the longest, byte by byte", ping(long), 1, "pong " + long + ","},
		{"too long", ping(long + "x"), 0, "close 1002,"},
		{"an unasked pong", pong(""), 0, ""},
		{"an unasked pong with a payload", pong("x"), 0, ""},
		{"too long a pong", pong(long + "x"), 0, "close 1002,"},
		{"a ping behind a pong", append(pong("a"), ping("b")...), 0, "pong b,"},
		{"ten", ten, 0, answers},
		{"ten, byte by byte", ten, 1, answers},
	})
}

// Section 5.2: no bit is reserved for an extension that nobody asked for, and no
// opcode has a meaning that is not known. What came before is good.
func TestRFC6455ReservedBitsAndOpcodes(t *testing.T) {
	hello, ping := clientFrame(true, opText, "hello"), clientFrame(true, opPing, "")
	var talks []talk
	for bits := byte(1); bits < 8; bits++ {
		for _, op := range []byte{opText, opBinary, opPing, opPong, opClose} {
			talks = append(talks, talk{fmt.Sprintf("bits %03b of %d", bits, op), join(hello, clientFrame(true, bits<<4|op, "x"), ping), 0, "text hello,close 1002,"})
		}
	}
	for _, op := range []byte{3, 4, 5, 6, 7, 11, 12, 13, 14, 15} {
		for _, payload := range []string{"", "x"} {
			bad := clientFrame(true, op, payload)
			talks = append(talks,
				talk{fmt.Sprintf("opcode %d with %q", op, payload), append(bad, hello...), 0, "close 1002,"},
				talk{fmt.Sprintf("opcode %d with %q behind a message", op, payload), join(hello, bad, ping), 0, "text hello,close 1002,"},
				talk{fmt.Sprintf("opcode %d with %q within one, byte by byte", op, payload), join(clientFrame(false, opText, "x"), bad), 1, "close 1002,"})
		}
	}
	holdAll(t, talks)
}

// Section 5.4: a message is its fragments, with control frames between them and
// nothing else.
func TestRFC6455Fragmentation(t *testing.T) {
	begin, middle, end := clientFrame(false, opText, "a"), clientFrame(false, 0, "b"), clientFrame(true, 0, "c")
	ping, whole := clientFrame(true, opPing, "p"), clientFrame(true, opText, "x")
	var talks []talk
	for _, chop := range []int{0, 1} {
		for _, c := range []talk{
			{"a fragmented ping", append(clientFrame(false, opPing, "a"), end...), 0, "close 1002,"},
			{"a fragmented pong", append(clientFrame(false, opPong, "a"), end...), 0, "close 1002,"},
			{"a fragmented close", append(clientFrame(false, opClose, "\x03"), clientFrame(true, 0, "\xe8")...), 0, "close 1002,"},
			{"two", join(begin, end), 0, "text ac,"},
			{"three", join(begin, middle, end), 0, "text abc,"},
			{"a ping between", join(begin, ping, end), 0, "pong p,text ac,"},
			{"pings between", join(begin, ping, middle, ping, ping, end, whole), 0, "pong p,pong p,pong p,text abc,text x,"},
			{"a pong between", join(begin, clientFrame(true, opPong, "q"), end), 0, "text ac,"},
			{"the end of nothing", join(end, whole), 0, "close 1002,"},
			{"the middle of nothing", join(middle, whole), 0, "close 1002,"},
			{"the middle of nothing behind a message", join(begin, end, middle, end), 0, "text ac,close 1002,"},
			{"a message within one", join(begin, whole), 0, "close 1002,"},
			{"another kind within one", join(begin, clientFrame(true, opBinary, "x")), 0, "close 1002,"},
			{"a beginning within one", join(begin, begin, end), 0, "close 1002,"},
			{"a close within one", join(begin, closing(1000, ""), end), 0, "close 1000,"},
		} {
			c.name, c.chop = fmt.Sprintf("%s, cut to %d", c.name, chop), chop
			talks = append(talks, c)
		}
	}
	for _, size := range []int{64, 256, 1300, 4096, 65536} {
		text := strings.Repeat("0123456789abcdef", 1<<16/16)
		talks = append(talks,
			talk{fmt.Sprint("text in fragments of ", size), fragments(opText, text, size), 0, "text " + text + ","},
			talk{fmt.Sprint("binary in fragments of ", size), fragments(opBinary, text, size), 1000, "binary " + text + ","})
	}
	holdAll(t, talks)
}

// Section 5.1: what is not masked is refused; any mask is good, that of nothing
// too.
func TestRFC6455Masking(t *testing.T) {
	holdAll(t, []talk{
		{"text", []byte("\x81\x01x"), 0, "close 1002,"},
		{"empty text", []byte("\x81\x00"), 0, "close 1002,"},
		{"a ping", []byte("\x89\x00"), 0, "close 1002,"},
		{"a close", []byte("\x88\x02\x03\xe8"), 0, "close 1002,"},
		{"with zeros", []byte("\x81\x81\x00\x00\x00\x00x"), 0, "text x,"},
		{"with ones, over pieces", []byte("\x82\x86\xff\xff\xff\xff\xfe\xfd\xfc\xfb\xfa\xf9"), 1, "binary \x01\x02\x03\x04\x05\x06,"},
	})
}

// Sections 5.5.1 and 7.4: the code comes back, if it is one that may be said, and
// nothing that follows is looked at.
func TestRFC6455Closing(t *testing.T) {
	talks := []talk{
		{"empty", clientFrame(true, opClose, ""), 0, "close,"},
		{"of one byte", clientFrame(true, opClose, "x"), 0, "close 1002,"},
		{"byte by byte", closing(1000, "bye"), 1, "close 1000,"},
		{"the longest", closing(1000, strings.Repeat("x", 123)), 0, "close 1000,"},
		{"too long", closing(1000, strings.Repeat("x", 124)), 0, "close 1002,"},
		{"a reason that is not UTF-8", closing(1000, "\xce\xba\xed\xa0\x80"), 0, "close 1007,"},
		{"a reason that is cut within a character", closing(1000, "\xe2\x82"), 0, "close 1007,"},
		{"twice", append(closing(1000, ""), closing(1001, "")...), 0, "close 1000,"},
		{"behind a message", append(clientFrame(true, opText, "x"), closing(1000, "")...), 0, "text x,close 1000,"},
		{"with a message behind it", append(closing(1000, ""), clientFrame(true, opText, "x")...), 0, "close 1000,"},
		{"with a ping behind it", append(closing(1000, ""), clientFrame(true, opPing, "x")...), 0, "close 1000,"},
		{"with nonsense behind it", append(closing(1000, ""), strings.Repeat("\xff", 1<<20)...), 0, "close 1000,"},
	}
	for _, code := range []int{0, 999, 1000, 1001, 1002, 1003, 1004, 1005, 1006, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 1015, 1016, 1100,
		2000, 2999, 3000, 3999, 4000, 4999, 5000, 65535} {
		answer := "close 1002,"
		if mayBeSaid(code) {
			answer = fmt.Sprintf("close %d,", code)
		}
		talks = append(talks, talk{fmt.Sprint(code), closing(code, "why"), 0, answer})
	}
	holdAll(t, talks)
}

// Limits are for messages, not for how they come or how many.
func TestRFC6455ManyMessagesOneByOne(t *testing.T) {
	r := newSockets(t, newFake(""), echo).open()
	for _, size := range []int{0, 16, 125, 1024, 4096} {
		for n := range 200 {
			op := byte(opText + n%2)
			payload := strings.Repeat(string(rune('a'+n%26)), size)
			r.send(fragments(op, payload, max(size/3, 1)))
			r.want(op, payload)
		}
	}
	over := strings.Repeat("x", 1<<20+1)
	r.send(clientFrame(true, opBinary, over))
	r.wantClose(1009)
}
