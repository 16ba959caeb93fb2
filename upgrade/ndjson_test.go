package upgrade_test

import (
	"bytes"
	stdjson "encoding/json"
	"io"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"
)

// value reads one JSON text, with its numbers as they are written.
func value(b []byte) (v any, err error) {
	d := stdjson.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	if err = d.Decode(&v); err != nil {
		return nil, err
	}
	if _, err = d.Token(); err != io.EOF {
		return nil, io.ErrUnexpectedEOF
	}
	return v, nil
}

func TestWhatIsNotJSONIsNoLine(t *testing.T) {
	for _, test := range []struct{ kind, body string }{
		{"text/plain", "{}"}, {"", "{}"}, {"application/json", ""}, {"application/json", "{"}, {"application/json", "{}{}"},
		{"application/json", "{} //"}, {"application/json", "\"a\nb\""}, {"application/json", "\xff"},
		{"application/json", "\ufeff\ufeff{}"}, {"application/json", "{\x00}"}, {"application/json", "h\x00i\x00"},
		{"application/json", strings.Repeat("[", 20000) + strings.Repeat("]", 20000)},
		// encoding/json lets that pass, and clients do not (RFC 8259 section 8.1).
		{"application/json", "\"h\xe9\""}, {"application/json; charset=iso-8859-1", "{\"\xe9\":1}"}, {"application/json", "\"\xed\xa0\x80\""},
	} {
		if line, err := updateOf(test.kind, test.body).Encoded(ndjson, true); err == nil {
			t.Errorf("%s %.50q became %.50q", test.kind, test.body, line)
		}
	}
}

func FuzzNDJSON(f *testing.F) {
	f.Add([]byte("{\r\n\"a\" : [1, 2.50, -0, 1e5],\t\"b\":null}"))
	f.Add([]byte("\ufeff\"\u2028\\n\\u000a\""))
	f.Add([]byte(`{"a":1,"a":2}`))
	f.Add([]byte("\"\xff\""))
	f.Add([]byte(""))
	f.Fuzz(func(t *testing.T, body []byte) {
		before := bytes.Clone(body)
		u := updateOf("application/json", "")
		u.Body = body
		line, err := u.Encoded(ndjson, false)
		if !bytes.Equal(before, body) {
			t.Fatal("the body was changed")
		}
		text := bytes.TrimPrefix(body, []byte("\ufeff"))
		if want := stdjson.Valid(text) && utf8.Valid(text); (err == nil) != want {
			t.Fatalf("%q: %v", body, err)
		}
		if err != nil {
			return
		}
		if !utf8.Valid(line) || bytes.IndexByte(line, '\n') != len(line)-1 || bytes.IndexByte(line, '\r') >= 0 {
			t.Fatalf("%q became %q", body, line)
		}
		got, err := value(line)
		if err != nil {
			t.Fatal(err)
		}
		if want, err := value(text); err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("%q became %q", body, line)
		}
	})
}
