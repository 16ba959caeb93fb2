package feed

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"
)

func TestFind(t *testing.T) {
	for _, c := range []struct{ doc, pointer, want string }{
		{`{"t":1}`, "/t", `1`},
		{` { "a" : 0 , "t" : "x" } `, "/t", `"x"`},
		{"{\"a\":[],\r\n\t\"t\"\n:\n-1.5e3\n}", "/t", `-1.5e3`},
		{`{"t":{"a":[1,{"b":"]}"}]},"u":2}`, "/t", `{"a":[1,{"b":"]}"}]}`},
		{`{"t":true,"u":null}`, "/u", `null`},
		{`{"header":{"timestamp":1700000000}}`, "/header/timestamp", `1700000000`},
		{`{"header":{"timestamp":1}}`, "/header", `{"timestamp":1}`},
		{`{"header":{"timestamp":1}}`, "/timestamp", ``},
		{`{"header":1}`, "/header/timestamp", ``},
		{`{"header":"timestamp"}`, "/header/timestamp", ``},
		{`{"header":null}`, "/header/timestamp", ``},
		{`{}`, "/t", ``},
		{`{"":1}`, "/", `1`},
		{`{"":{"":[2]}}`, "///0", `2`},
		{`{"a/b":{"c~d":1}}`, "/a~1b/c~0d", `1`},
		{`{"~1":1}`, "/~01", `1`},

		// The last of one name, as in essence.
		{`{"t":1,"t":2}`, "/t", `2`},
		{`{"h":{"t":1},"x":[{"t":3}],"h":{"t":2}}`, "/h/t", `2`},
		{`{"h":{"t":1},"h":{"u":2}}`, "/h/t", ``},
		{`{"h":{"t":1},"h":3}`, "/h/t", ``},
		{`{"t":1,"\u0074":2}`, "/t", `2`},
		{`{"\u00e9":1}`, "/é", `1`},
		{`{"\ud83d\ude00":1}`, "/😀", `1`},
		{`{"a\"b":1,"a\\":2}`, `/a"b`, `1`},
		{`{"a\"b":1,"a\\":2}`, `/a\`, `2`},
		{`{"x":"\"t\":5,","t":1}`, "/t", `1`},
		{`{"x":"\\","t":1}`, "/t", `1`},
		{`{"x":{"t":5},"y":[{"t":6}],"t":1}`, "/t", `1`},

		{`[10,20,30]`, "/0", `10`},
		{`[10, 20 , 30]`, "/1", `20`},
		{`[[],[[{}],"x"]]`, "/1/1", `"x"`},
		{`[10,20,30]`, "/3", ``},
		{`[10,20,30]`, "/-", ``},
		{`[10,20,30]`, "/01", ``},
		{`[10,20,30]`, "/+1", ``},
		{`[10,20,30]`, "/-1", ``},
		{`[10,20,30]`, "/1.0", ``},
		{`[10,20,30]`, "/99999999999999999999", ``},
		{`[10,20,30]`, "/length", ``},
		{`[]`, "/0", ``},
		{`{"0":1}`, "/0", `1`},
		{`{"01":1}`, "/01", `1`},

		{``, "/t", ``},
		{` `, "/t", ``},
		{`1`, "/t", ``},
		{`"t"`, "/t", ``},
		{`{"t":1`, "/t", ``},
		{`{"t":1}}`, "/t", ``},
		{`{"t":1} {"t":2}`, "/t", ``},
		{`{"t":1,}`, "/t", ``},
		{`{"t":1,"u":[1,}`, "/t", ``},
		{`{"t":01}`, "/t", ``},
		{`{'t':1}`, "/t", ``},
		{`{t:1}`, "/t", ``},
		{`callback({"t":1})`, "/t", ``},
		{"\ufeff{\"t\":1}", "/t", ``},
		{`<t>1</t>`, "/t", ``},
	} {
		p, err := ParsePointer(c.pointer)
		if err != nil {
			t.Fatal(err)
		}
		if got := find([]byte(c.doc), p); string(got) != c.want || (got == nil) != (c.want == "") {
			t.Errorf("%s at %s: %q, want %q", c.doc, c.pointer, got, c.want)
		}
		checkFound(t, c.doc, c.pointer)
	}
}

func TestFindInADeepDocumentIsNoDanger(t *testing.T) {
	for _, depth := range []int{9_998, 9_999, 1_000_000} {
		deep := `{"a":` + strings.Repeat("[", depth) + strings.Repeat("]", depth) + `,"t":1}`
		want := "1"
		if depth+1 > 10_000 { // encoding/json's own limit
			want = ""
		}
		if got := find([]byte(deep), Pointer{"t"}); string(got) != want {
			t.Errorf("%d: %q", depth, got)
		}
	}
}

func TestFindingAllocatesNothing(t *testing.T) {
	if racing {
		t.Skip("encoding/json keeps its scanner in a pool")
	}
	doc, p := feedDocument(100<<10), Pointer{"header", "timestamp"}
	if n := testing.AllocsPerRun(100, func() { find(doc, p) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

// checkFound compares with what is there once all of the document is decoded. A
// document that encoding/json mends has names that it has not.
func checkFound(t *testing.T, doc, pointer string) {
	t.Helper()
	p, err := ParsePointer(pointer)
	if err != nil {
		t.Skip(err)
	}
	raw := find([]byte(doc), p)
	all, ok := parseExactly([]byte(doc))
	if !ok {
		return
	}
	want, ok := pointedAt(all, p)
	if ok != (raw != nil) {
		t.Fatalf("%q at %q: %q, want %v", doc, pointer, raw, want)
	}
	if got, isJSON := parseExactly(raw); ok && (!isJSON || fmt.Sprint(got) != fmt.Sprint(want)) {
		t.Fatalf("%q at %q: %q, want %v", doc, pointer, raw, want)
	}
}

// pointedAt follows a pointer in a decoded document.
func pointedAt(doc any, p Pointer) (any, bool) {
	for _, token := range p {
		var ok bool
		switch v := doc.(type) {
		case map[string]any:
			doc, ok = v[token]
		case []any:
			for i := range v {
				if fmt.Sprint(i) == token {
					doc, ok = v[i], true
				}
			}
		}
		if !ok {
			return nil, false
		}
	}
	return doc, true
}

func FuzzFind(f *testing.F) {
	for _, p := range pairs {
		f.Add(p.a, strings.Split(p.ignore, "\n")[0])
	}
	f.Add(`{"h":{"t":1,"x":"\\\"]"},"h":{"\u0074":[{"t":2}]}}`, "/h/t/0/t")
	f.Fuzz(func(t *testing.T, doc, pointer string) {
		checkFound(t, doc, pointer)
		checkFound(t, `{"x":`+doc+`,"y":[0,`+doc+`],"x":`+doc+`}`, "/y/1"+pointer)
		checkFound(t, `{"x":`+doc+`}`, "/x"+pointer)
	})
}

// feedDocument is of about that many bytes, like a feed of vehicles.
func feedDocument(size int) []byte {
	var b bytes.Buffer
	b.WriteString(`{"header":{"version":"2.0","timestamp":1700000000},"entity":[`)
	for i := 0; b.Len() < size; i++ {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"id":"%d","vehicle":{"trip":{"tripId":"%d","routeId":"%d"},"position":{"latitude":30.%06d,"longitude":-97.%06d,"speed":%d.5},"stopped":false,"label":"Bus \"%d\"","timestamp":%d}}`,
			i, 1000000+i, i%80, 267000+i, 743000+i, i%20, i, 1700000000-i)
	}
	b.WriteString(`]}`)
	return b.Bytes()
}

// BenchmarkFind compares what looks for one value in 100 KiB: find, decoding all of
// it as essence does, and encoding/json's tokens, which are how it decodes a part.
func BenchmarkFind(b *testing.B) {
	doc, p := feedDocument(100<<10), Pointer{"header", "timestamp"}
	for _, way := range []struct {
		name string
		find func() bool
	}{
		{"find", func() bool { return find(doc, p) != nil }},
		{"decode", func() bool { all, _ := parseExactly(doc); _, ok := pointedAt(all, p); return ok }},
		{"tokens", func() bool { return countTokens(doc) > 0 }},
	} {
		b.Run(way.name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(doc)))
			for b.Loop() {
				if !way.find() {
					b.Fatal("not found")
				}
			}
		})
	}
}

func countTokens(doc []byte) (n int) {
	decoder := json.NewDecoder(bytes.NewReader(doc))
	decoder.UseNumber()
	for {
		if _, err := decoder.Token(); err == io.EOF {
			return n
		}
		n++
	}
}
