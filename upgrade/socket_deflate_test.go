package upgrade_test

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	client "github.com/fasthttp/websocket"

	"github.com/pollmux/pollmux/testdata/await"
	"github.com/pollmux/pollmux/upgrade"
	"github.com/pollmux/pollmux/upgrade/coding"
	"github.com/pollmux/pollmux/upgrade/fanout"
)

const rsv1 = 0x40

// deflating has a socket's clients agree to permessage-deflate, and hands on what
// they say.
func deflating(most int64, heard chan<- string) func(*sockets) {
	return func(s *sockets) {
		s.options.Press, s.options.MaxMessage = press, most
		s.options.Send = func(m upgrade.Message) error {
			kind := "binary "
			if m.Text {
				kind = "text "
			}
			heard <- kind + string(m.Data)
			return nil
		}
	}
}

// pressed is a message as a client compresses it.
func pressed(t testing.TB, plain string) string {
	t.Helper()
	var to bytes.Buffer
	w, err := flate.NewWriter(&to, 9)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = w.Write([]byte(plain))
	_ = w.Flush()
	return strings.TrimSuffix(to.String(), "\x00\x00\xff\xff")
}

// RFC 7692 section 6: a message begins with RSV1 if it is compressed, whole or in
// fragments, with control frames between them; nothing else has that bit.
func TestRFC7692MessagesOfTheClient(t *testing.T) {
	const most = 1000
	long := strings.Repeat("abcdefghij", 100)
	hello := pressed(t, "Hello")
	bomb := pressed(t, strings.Repeat("\x00", 40<<20))
	cut := func(op byte, message string, at ...int) (b []byte) {
		for from, i := 0, 0; i <= len(at); i++ {
			to := len(message)
			if i < len(at) {
				to = at[i]
			}
			b = append(b, clientFrame(i == len(at), op, message[from:to])...)
			op, from = 0, to
		}
		return b
	}
	for name, test := range map[string]struct {
		say  []byte
		hear string // or the code of the Close
	}{
		"text":                    {cut(rsv1|opText, hello), "text Hello"},
		"binary":                  {cut(rsv1|opBinary, hello), "binary Hello"},
		"not compressed":          {cut(opText, "Hello"), "text Hello"},
		"two fragments":           {cut(rsv1|opText, hello, 3), "text Hello"},
		"empty fragments":         {cut(rsv1|opText, hello, 0, 0, 3, 3), "text Hello"},
		"a ping between":          {join(clientFrame(false, rsv1|opText, hello[:2]), clientFrame(true, opPing, "p"), clientFrame(true, 0, hello[2:])), "text Hello"},
		"nothing":                 {cut(rsv1|opText, "\x00"), "text "},
		"less than nothing":       {cut(rsv1|opText, ""), "text "},
		"a last block":            {cut(rsv1|opText, "\xf3\x48\xcd\xc9\xc9\x07\x00\x00"), "text Hello"},
		"a character in two":      {cut(rsv1|opText, pressed(t, "ä"), 2), "text ä"},
		"as long as may be":       {cut(rsv1|opText, pressed(t, long)), "text " + long},
		"random, as long":         {cut(rsv1|opBinary, pressed(t, string(randomBytes(most)))), "binary " + string(randomBytes(most))},
		"random, badly packed":    {cut(rsv1|opBinary, stored(randomBytes(most), 50)), "binary " + string(randomBytes(most))},
		"one byte more":           {cut(rsv1|opText, pressed(t, long+"x")), "1009"},
		"a bomb that is too long": {cut(rsv1|opBinary, bomb), "1009"},
		"a bomb":                  {cut(rsv1|opBinary, pressed(t, strings.Repeat("\x00", 500_000))), "1009"},
		"too long as it comes":    {cut(rsv1|opBinary, string(randomBytes(most+300))), "1009"},
		"not UTF-8":               {cut(rsv1|opText, pressed(t, "\xff")), "1007"},
		"half a character":        {cut(rsv1|opText, pressed(t, "ä"[:1])), "1007"},
		"not UTF-8 in binary":     {cut(rsv1|opBinary, pressed(t, "\xff")), "binary \xff"},
		"junk":                    {cut(rsv1|opText, "Hello"), "1007"},
		"a bit in a fragment":     {join(clientFrame(false, rsv1|opText, hello[:2]), clientFrame(true, rsv1, hello[2:])), "1002"},
		"a bit in a fragment 2":   {join(clientFrame(false, opText, "x"), clientFrame(true, rsv1, hello)), "1002"},
		"a bit in a ping":         {clientFrame(true, rsv1|opPing, ""), "1002"},
		"a bit in a pong":         {clientFrame(true, rsv1|opPong, ""), "1002"},
		"a bit in a close":        {clientFrame(true, rsv1|opClose, "\x03\xe8"), "1002"},
		"RSV2":                    {clientFrame(true, 0x20|opText, hello), "1002"},
		"RSV1 and RSV3":           {clientFrame(true, rsv1|0x10|opText, hello), "1002"},
	} {
		for _, chop := range []int{0, 1} {
			if chop == 1 && len(test.say) > 5000 {
				continue
			}
			t.Run(fmt.Sprint(name, " ", chop), func(t *testing.T) {
				heard := make(chan string, 1)
				r := newSockets(t, newFake(""), deflating(most, heard)).open()
				if err := r.sayInPieces(test.say, chop); err != nil {
					t.Fatal(err)
				}
				if code := 0; len(test.hear) == 4 {
					_, _ = fmt.Sscan(test.hear, &code)
					r.wantClose(code)
					return
				}
				if got := <-heard; got != test.hear {
					t.Errorf("heard %s, want %s", short(got), short(test.hear))
				}
			})
		}
	}
}

// stored is a message in blocks of so many bytes that are not compressed: 5 bytes more
// each.
func stored(message []byte, size int) string {
	var b []byte
	for block := range slices.Chunk(message, size) {
		b = binary.LittleEndian.AppendUint16(append(b, 0), uint16(len(block)))
		b = append(binary.LittleEndian.AppendUint16(b, ^uint16(len(block))), block...)
	}
	return string(append(b, 0)) // the begin of the empty block whose rest is left out
}

func randomBytes(n int) []byte {
	b := make([]byte, n)
	for i, x := 0, uint32(1); i < n; i++ {
		x = x*1664525 + 1013904223
		b[i] = byte(x >> 24)
	}
	return b
}

// A message behind one that could not be inflated is not looked at.
func TestNothingIsInflatedBehindABomb(t *testing.T) {
	heard := make(chan string, 2)
	r := newSockets(t, newFake(""), deflating(1000, heard)).open()
	r.send(join(clientFrame(true, rsv1|opText, pressed(t, "first")), clientFrame(true, rsv1|opText, pressed(t, strings.Repeat("x", 100_000))), clientFrame(true, rsv1|opText, pressed(t, "last"))))
	r.wantClose(1009)
	if got := <-heard; got != "text first" || len(heard) > 0 {
		t.Errorf("heard %q and %d more", got, len(heard))
	}
}

func TestSnapshotsAreDeflatedIfThatIsWorthIt(t *testing.T) {
	for name, test := range map[string]struct {
		kind, body string
		first      byte
	}{
		"JSON":      {"application/json", league(1), 0x80 | rsv1 | opText},
		"long":      {"application/json", `"` + strings.Repeat(league(1), 100) + `"`, 0x80 | rsv1 | opText},
		"not UTF-8": {"text/plain", league(1) + "\xff", 0x80 | rsv1 | opBinary},
		"short":     {"application/json", `{"v":1}`, 0x80 | opText},
		"a picture": {"image/png", league(1), 0x80 | opBinary},
		"random":    {"text/plain", string(randomBytes(1000)), 0x80 | opBinary},
		"empty":     {"text/plain", "", 0x80 | opText},
	} {
		source := newFake("")
		source.publish(content(200, test.kind, test.body))
		s := newSockets(t, source, func(s *sockets) { s.options.Press = press })
		r := s.open()
		r.deflates = true
		head, err := r.r.Peek(2)
		if err != nil {
			t.Fatal(err)
		}
		first := head[0]
		f, err := r.next()
		if err != nil || first != test.first {
			t.Errorf("%s: begins with %#x, want %#x; %v", name, first, test.first, err)
		}
		got, size := f.payload, len(f.payload)
		if first&rsv1 != 0 {
			if got, err = press.Inflate(got, 0); err != nil || size >= len(test.body) {
				t.Errorf("%s: %d bytes of %d, %v", name, size, len(test.body), err)
			}
		}
		if string(got) != test.body {
			t.Errorf("%s: %s", name, short(string(got)))
		}
	}
}

func TestAMessageIsDeflatedOnceForAHundredClients(t *testing.T) {
	source := newFake("")
	first := json(league(1))
	var mu sync.Mutex
	kept, frames := 0, map[*byte]bool{}
	first.Taken = func(int) { mu.Lock(); kept++; mu.Unlock() }
	source.publish(first)
	var clients sync.WaitGroup
	for range 100 {
		clients.Go(func() {
			s := upgrade.NewSocket(sampleKey, nil, source, upgrade.SocketOptions{Ping: time.Minute, Press: press, Delivered: func(*upgrade.Update) {}})
			_, _, _ = s.Next()
			frame, _, _ := s.Next()
			mu.Lock()
			defer mu.Unlock()
			frames[&frame[0]] = true
		})
	}
	clients.Wait()
	if len(frames) != 1 || kept != 1 {
		t.Errorf("%d frames were made, %d accounted for", len(frames), kept)
	}
}

// A client that nobody here wrote, both ways.
func TestALibrarysClientUnderstandsDeflate(t *testing.T) {
	source := newFake("")
	s := newSockets(t, source, echo, func(s *sockets) {
		s.options.Press = press
		s.fields = []upgrade.Field{{Name: "Sec-WebSocket-Extensions", Value: coding.Extension}}
	})
	dialer := client.Dialer{EnableCompression: true}
	ws, resp, err := dialer.Dial("ws://"+s.listener.Addr().String()+"/", http.Header{})
	if err != nil {
		t.Fatal(err)
	}
	defer ws.Close()
	if resp.Header.Get("Sec-WebSocket-Extensions") != coding.Extension {
		t.Fatalf("%v", resp.Header)
	}
	_ = ws.SetReadDeadline(time.Now().Add(await.Patience))
	for _, size := range []int{0, 1, 63, 64, 125, 126, 127, 1000, 4096, 65535, 65536, 1 << 19} {
		for kind, text := range map[int]string{client.TextMessage: strings.Repeat("{\"a\":1},", size/8+1)[:size], client.BinaryMessage: string(randomBytes(size))} {
			text = fmt.Sprintf("%06d%s", size, text)
			if err := ws.WriteMessage(kind, []byte(text)); err != nil {
				t.Fatal(err)
			}
			got, back, err := ws.ReadMessage()
			if err != nil || got != kind || string(back) != text {
				t.Fatalf("%d bytes: %d came back as %d, %v", size, len(back), got, err)
			}
		}
	}
}

func TestWithoutAnAgreementNothingIsDeflated(t *testing.T) {
	source := newFake("")
	source.publish(json(league(1)))
	r := newSockets(t, source, func(s *sockets) { s.options.Send = func(upgrade.Message) error { return nil } }).open()
	r.want(opText, league(1))
	r.send(clientFrame(true, rsv1|opText, pressed(t, "Hello")))
	r.wantClose(1002)
}

// Whatever a client sends, no message is longer than it may be, and text is UTF-8.
func FuzzDeflatedSocket(f *testing.F) {
	f.Add(clientFrame(true, rsv1|opText, pressed(f, "Hello")), uint8(3))
	f.Add(join(clientFrame(false, rsv1|opBinary, pressed(f, strings.Repeat("x", 500))[:4]), clientFrame(true, opPing, "p"), clientFrame(true, 0, "\x00")), uint8(1))
	f.Add(clientFrame(true, rsv1|opText, "\xf3\x48\xcd\xc9\xc9\x07\x00\x00"), uint8(200))
	f.Fuzz(func(t *testing.T, said []byte, chop uint8) {
		const most = 300
		s := upgrade.NewSocket(sampleKey, nil, newFake(""), upgrade.SocketOptions{
			Ping: time.Minute, MaxMessage: most, Press: press,
			Send: func(m upgrade.Message) error {
				if len(m.Data) > most || m.Text && !utf8.Valid(m.Data) {
					t.Fatalf("text %v: %q", m.Text, m.Data)
				}
				return nil
			},
		})
		for len(said) > 0 {
			n := min(int(chop)+1, len(said))
			v, work := s.Heard(said[:n])
			for work != nil {
				work()
				v, work = s.Heard(nil)
			}
			if v != fanout.Listening {
				if closing := s.Expire(); !bytes.Contains(closing, []byte{0x88}) {
					t.Fatalf("it ends with % x", closing)
				}
				return
			}
			said = said[n:]
		}
	})
}
