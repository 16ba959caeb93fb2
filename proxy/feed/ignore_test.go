package feed

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pollmux/pollmux/proxy/origin"
)

// pairs are two bodies, the pointers, and whether they are the same.
var pairs = []struct {
	a, b, ignore string
	same         bool
}{
	{`{"t":1,"a":2}`, `{"t":2,"a":2}`, `/t`, true},
	{`{"t":1,"a":2}`, `{"t":1,"a":3}`, `/t`, false},
	{`{"t":1,"a":2}`, `{"a":2}`, `/t`, true},
	{`{"a":2}`, `{"a":3}`, `/t`, false},
	{`{"h":{"t":1,"x":0}}`, `{"h":{"x":0,"t":2}}`, `/h/t`, true},
	{`{"h":{"t":1}}`, `{"h":null}`, `/h/t`, false},
	{`{"h":{"t":1}}`, `{"h":{}}`, `/h/t`, true},
	{`{"h":{"t":1}}`, `{}`, `/h/t`, false},
	{`{"a/b":1,"c":0}`, `{"a/b":2,"c":0}`, `/a~1b`, true},
	{`{"a~b":1,"c":0}`, `{"a~b":2,"c":0}`, `/a~0b`, true},
	{`{"a~1b":1}`, `{"a~1b":2}`, `/a~01b`, true},
	{`{"a/b":1}`, `{"a/b":2}`, `/a~01b`, false},
	{`{"":1}`, `{"":2}`, `/`, true},
	{`{"":{"":1}}`, `{"":{"":2}}`, `//`, true},
	{`{"é":1}`, `{"\u00e9":2}`, `/é`, true},
	{`{"%41":1}`, `{"%41":2}`, `/%41`, true},
	{`[1,2,3]`, `[1,9,3]`, `/1`, true},
	{`[1,2,3]`, `[1,2,9]`, `/1`, false},
	{`[1,2,3]`, `[1,2]`, `/2`, false},
	{`[1]`, `[2]`, `/-`, false},
	{`[1,2]`, `[1,3]`, `/01`, false},
	{`[1,2]`, `[1,3]`, `/+1`, false},
	{`[[1,{"t":1}]]`, `[[1,{"t":2}]]`, `/0/1/t`, true},
	{`{"1":1}`, `{"1":2}`, `/1`, true},
	{`{"t":1,"u":1,"a":0}`, `{"t":2,"u":2,"a":0}`, "/t\n/u", true},
	{`{"t":1,"u":1,"a":0}`, `{"t":2,"u":2,"a":0}`, `/t`, false},
	{`{"h":{"t":1}}`, `{"h":{"t":2}}`, "/h\n/h/t", true},
	{` { "t" : 1 , "a" : "\u0041" } `, `{"a":"A","t":2}`, `/t`, true},
	{`{"t":1,"a":1}`, `{"t":1,"a":1.0}`, `/t`, false},
	{`{"t":1,"a":9007199254740993}`, `{"t":1,"a":9007199254740992}`, `/t`, false},
	{`{"t":1,"a":"<"}`, `{"t":2,"a":"\u003c"}`, `/t`, true},
	{`1`, `2`, `/t`, false},
	{`1`, ` 1`, `/t`, true},

	// What is not JSON counts whole.
	{`t=1`, `t=2`, `/t`, false},
	{``, ` `, `/t`, false},
	{`{"t":1}{"a":1}`, `{"t":1}{"a":2}`, `/t`, false},
	{`{"t":1}}`, `{"t":2}}`, `/t`, false},
	{`{"t":1}]x`, `{"t":1}]y`, `/t`, false},
	{`{"t":1} x`, `{"t":1} y`, `/t`, false},
	{"\ufeff{\"t\":1}", "\ufeff{\"t\":2}", `/t`, false},
	{"{\"a\":\"\xff\"}", "{\"a\":\"\xfe\"}", `/t`, false},
	{`{"a":"\ud800"}`, `{"a":"\ud801"}`, `/t`, false},
	{`{"a":"\ud800\ud800"}`, `{"a":"\ud801\ud800"}`, `/t`, false},
	{`{"a":"\udc00\ud800"}`, `{"a":"\udc01\ud800"}`, `/t`, false},
	{`{"t":1,"a":"\ud83d\ude00"}`, `{"t":2,"a":"😀"}`, `/t`, true},
	{`{"t":1,"a":"\\ud800"}`, `{"t":2,"a":"\\ud800"}`, `/t`, true},
	{`{"t":1,"a":"\ufffd"}`, `{"t":2,"a":"` + "\ufffd" + `"}`, `/t`, true},
}

func TestEssenceIsWhatThePointersLeave(t *testing.T) {
	for _, p := range pairs {
		checkEssence(t, p.a, p.b, p.ignore)
		if same := essenceSame(t, p.a, p.b, p.ignore); same != p.same {
			t.Errorf("%s and %s without %q: same is %v", p.a, p.b, p.ignore, same)
		}
	}
}

func TestADeepDocumentIsNoDanger(t *testing.T) {
	for _, depth := range []int{9_999, 10_000, 10_001, 1_000_000} {
		deep := strings.Repeat("[", depth) + strings.Repeat("]", depth)
		checkEssence(t, deep, " "+deep, "/0/0/0")
	}
}

func pointers(t *testing.T, lines string) (all []Pointer) {
	for line := range strings.SplitSeq(lines, "\n") {
		p, err := ParsePointer(line)
		if err != nil {
			t.Skip(err)
		}
		all = append(all, p)
	}
	return all
}

func essenceSame(t *testing.T, a, b, ignore string) bool {
	all := pointers(t, ignore)
	return bytes.Equal(essence([]byte(a), all), essence([]byte(b), all))
}

// checkEssence compares with the slow opinion.
func checkEssence(t *testing.T, a, b, ignore string) {
	t.Helper()
	if got, want := essenceSame(t, a, b, ignore), reference(a, b, strings.Split(ignore, "\n")); got != want {
		t.Errorf("%.200q and %.200q without %q: same is %v, should be %v", a, b, ignore, got, want)
	}
}

func FuzzEssence(f *testing.F) {
	for _, p := range pairs {
		f.Add(p.a, p.b, p.ignore)
	}
	f.Fuzz(func(t *testing.T, a, b, ignore string) {
		checkEssence(t, a, b, ignore)
		checkEssence(t, a, a, ignore)
		checkEssence(t, `{"x":`+a+`,"y":[`+b+`]}`, `{"y":[`+b+`],"x":`+b+`}`, ignore+"\n/x\n/y/0")
		checkEssence(t, a, strings.ReplaceAll(b, "0", "1"), ignore)
	})
}

func FuzzPointer(f *testing.F) {
	grammar := regexp.MustCompile(`^(?s:/([^~/]|~0|~1)*)+$`) // RFC 6901 section 3
	for _, p := range pairs {
		f.Add(p.ignore)
	}
	f.Add("~")
	f.Add("/~2")
	f.Fuzz(func(t *testing.T, s string) {
		p, err := ParsePointer(s)
		if ok := grammar.MatchString(s); ok != (err == nil) {
			t.Fatalf("%q: %v", s, err)
		}
		back := ""
		for _, token := range p {
			back += "/" + strings.ReplaceAll(strings.ReplaceAll(token, "~", "~0"), "/", "~1")
		}
		if err == nil && back != s {
			t.Errorf("%q was read as %q", s, p)
		}
	})
}

func TestAPointerThatIsNoneIsRefused(t *testing.T) {
	for _, s := range []string{"", "t", "#/t", "/a~", "/a~2b", "/~", "~0/t"} {
		if p, err := ParsePointer(s); err == nil {
			t.Errorf("%q was read as %q", s, p)
		}
	}
}

func TestIgnoredPartsWakeNobody(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.policy.Ignore = pointers(t, "/server_time\n/items/0/age")
		say := func(score int) {
			r.origin.answers(func(p *poll) *origin.Response {
				body := fmt.Sprintf(`{"server_time":%d,"items":[{"age":%d}],"score":%d}`, p.n, p.n, score)
				return response(200, body, "ETag", fmt.Sprintf(`"%d"`, p.n))
			})
		}
		say(1)
		first := r.get("/x").Update
		w := r.watch("/x")
		defer leave(w.feed)
		if n := w.after(time.Minute); n != 0 {
			t.Errorf("woken %d times", n)
		}
		u := w.feed.Latest().Update
		if u.Version != 1 || u.ETag != first.ETag || !bytes.Equal(u.Body, first.Body) {
			t.Errorf("%+v became %+v", first, u)
		}
		say(2)
		if n := w.after(time.Minute); n != 1 || w.state.Update.Version != 2 {
			t.Errorf("woken %d times, %+v", n, w.state.Update)
		}
	})
}
