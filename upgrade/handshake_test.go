package upgrade_test

import (
	"crypto/sha1"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/pollmux/pollmux/upgrade"
)

func TestAHandshakeIsCheckedBeyondItsUpgrade(t *testing.T) {
	lines := func(values ...string) (all [][]byte) {
		for _, v := range values {
			all = append(all, []byte(v))
		}
		return all
	}
	thirteen, sample := lines("13"), lines(sampleKey)
	for name, test := range map[string]struct {
		keys, versions [][]byte
		body, closing  bool
		status         int
	}{
		"good":             {keys: sample, versions: thirteen},
		"body":             {keys: sample, versions: thirteen, body: true, status: 400},
		"closing":          {keys: sample, versions: thirteen, closing: true, status: 400},
		"no version":       {keys: sample, status: 426},
		"version 8":        {keys: sample, versions: lines("8"), status: 426},
		"version 13, 8":    {keys: sample, versions: lines("13, 8"), status: 426},
		"two versions":     {keys: sample, versions: lines("13", "13"), status: 426},
		"version 013":      {keys: sample, versions: lines("013"), status: 426},
		"no key":           {versions: thirteen, status: 400},
		"two keys":         {keys: lines(sampleKey, sampleKey), versions: thirteen, status: 400},
		"empty key":        {keys: lines(""), versions: thirteen, status: 400},
		"short key":        {keys: lines("abc"), versions: thirteen, status: 400},
		"15 bytes":         {keys: lines("dGhlIHNhbXBsZSBub25j"), versions: thirteen, status: 400},
		"17 bytes":         {keys: lines("dGhlIHNhbXBsZSBub25jZXM="), versions: thirteen, status: 400},
		"18 bytes":         {keys: lines("dGhlIHNhbXBsZSBub25jZXMx"), versions: thirteen, status: 400},
		"not base64":       {keys: lines("dGhlIHNhbXBsZSBub25jZ!=="), versions: thirteen, status: 400},
		"URL's base64":     {keys: lines("__________________-_-w=="), versions: thirteen, status: 400},
		"unpadded":         {keys: lines("dGhlIHNhbXBsZSBub25jZQ"), versions: thirteen, status: 400},
		"loose last bits":  {keys: lines("dGhlIHNhbXBsZSBub25jZR=="), versions: thirteen, status: 400},
		"a line feed":      {keys: lines("dGhlIHNhbXBsZSBub25jZQ\n="), versions: thirteen, status: 400},
		"huge key":         {keys: lines(strings.Repeat("A", 1<<20)), versions: thirteen, status: 400},
		"key and a blank ": {keys: lines(sampleKey + " "), versions: thirteen, status: 400},
	} {
		status, text := upgrade.ValidHandshake(test.keys, test.versions, test.body, test.closing)
		if status != test.status || (text == "") != (status == 0) {
			t.Errorf("%s: %d %s", name, status, text)
		}
	}
}

func TestAHandshakeIsAnsweredToTheByte(t *testing.T) {
	s := newSockets(t, newFake("1"))
	r := s.open()
	golden(t, "websocket-handshake", r.head)
	if !strings.Contains(string(r.head), "Sec-WebSocket-Accept: "+sampleAccept+"\r\n") {
		t.Errorf("%s", r.head)
	}
	r.want(opText, "1")
}

func TestFramesGluedToTheHandshakeAreRead(t *testing.T) {
	messages := make(chan upgrade.Message, 10)
	s := newSockets(t, newFake("1"), func(s *sockets) {
		s.options.Send = func(m upgrade.Message) error { messages <- m; return nil }
	})
	r := s.open(append(clientFrame(true, opText, "one"), clientFrame(true, opPing, "two")...)...)
	if m := <-messages; !m.Text || string(m.Data) != "one" {
		t.Errorf("%+v", m)
	}
	for got := map[byte]string{}; len(got) < 2; {
		f, err := r.next()
		if err != nil {
			t.Fatal(err)
		}
		if got[f.op] = string(f.payload); f.op == opPong && string(f.payload) != "two" || f.op == opText && string(f.payload) != "1" {
			t.Errorf("%d %q", f.op, f.payload)
		}
	}
}

// A key is what the RFC's grammar says (section 4.1): 16 bytes, in the one way in
// which base64 writes them.
func FuzzHandshakeKey(f *testing.F) {
	f.Add([]byte(sampleKey))
	f.Add([]byte("dGhlIHNhbXBsZSBub25jZR=="))
	f.Add([]byte("dGhlIHNhbXBsZSBub25jZQ\n="))
	f.Add([]byte("____________________-w=="))
	f.Fuzz(func(t *testing.T, key []byte) {
		status, _ := upgrade.ValidHandshake([][]byte{key}, [][]byte{[]byte("13")}, false, false)
		nonce, err := base64.StdEncoding.DecodeString(string(key))
		canonical := err == nil && len(nonce) == 16 && base64.StdEncoding.EncodeToString(nonce) == string(key)
		if (status == 0) != canonical {
			t.Fatalf("%q: %d", key, status)
		}
		sum := sha1.Sum([]byte(string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
		if got := upgrade.AcceptKey(key); got != base64.StdEncoding.EncodeToString(sum[:]) {
			t.Fatalf("%q is accepted with %q", key, got)
		}
	})
}
