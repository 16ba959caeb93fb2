package upgrade_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/textproto"
	"strconv"
	"strings"
	"testing"

	"github.com/pollmux/pollmux/upgrade"
)

// parts is a multipart stream, kept as it is written.
type parts struct {
	source *fake
	stream *upgrade.Stream
	all    bytes.Buffer
}

func newParts(picture bool) *parts {
	p := &parts{source: newFake("")}
	p.stream = upgrade.NewStream(p.source, upgrade.StreamOptions{
		Kind: multi, Picture: picture, HTTP10: true, Delivered: func(*upgrade.Update) {},
	})
	p.hear()
	return p
}

func (p *parts) hear() { p.all.Write(first(told(p.stream))) }

func (p *parts) publish(kind, body string) {
	p.source.publish(content(200, kind, body))
	p.hear()
}

func (p *parts) beat(n int) {
	for range n {
		frame, _ := p.stream.Beat()
		p.all.Write(frame)
	}
}

// end ends the stream and returns its body.
func (p *parts) end() []byte {
	p.source.end(upgrade.ErrClosed)
	p.hear()
	_, body, _ := bytes.Cut(p.all.Bytes(), []byte("\r\n\r\n"))
	return body
}

// byDelimiter reads parts as mime/multipart does. A part that was only begun is
// none.
func byDelimiter(body []byte) (all []string, types []string, err error) {
	r := multipart.NewReader(bytes.NewReader(body), upgrade.Boundary)
	for {
		part, err := r.NextRawPart()
		if err == io.EOF {
			return all, types, nil
		} else if err != nil {
			return all, types, err
		}
		content, err := io.ReadAll(part)
		if errors.Is(err, io.ErrUnexpectedEOF) && len(content) == 0 && part.Header.Get("Content-Length") == "" {
			return all, types, nil
		} else if err != nil {
			return all, types, err
		}
		all, types = append(all, string(content)), append(types, part.Header.Get("Content-Type"))
	}
}

// byLength reads parts as a client does that goes by Content-Length.
func byLength(body []byte) (all []string, err error) {
	r := textproto.NewReader(bufio.NewReader(bytes.NewReader(body)))
	for {
		if line, err := r.ReadLine(); err != nil || line != "--"+upgrade.Boundary {
			return all, fmt.Errorf("delimiter %q: %v", line, err)
		}
		header, err := r.ReadMIMEHeader()
		if err == io.EOF {
			return all, nil
		} else if err != nil {
			return all, err
		}
		size, err := strconv.Atoi(header.Get("Content-Length"))
		if err != nil {
			return all, err
		}
		content := make([]byte, size+2)
		if _, err := io.ReadFull(r.R, content); err != nil || !bytes.HasSuffix(content, []byte("\r\n")) {
			return all, fmt.Errorf("%q: %v", content, err)
		}
		all = append(all, string(content[:size]))
	}
}

func TestPartsAreReadBackBothWays(t *testing.T) {
	p := newParts(false)
	var want []string
	for _, name := range []string{"lf", "crlf", "empty", "nul", "trailing-newline", "1-mib", "one-line"} {
		p.publish("text/plain", bodies[name])
		p.beat(3)
		want = append(want, bodies[name])
	}
	body := p.end()
	got, _, err := byDelimiter(body)
	if err != nil || strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("by delimiter: %v, %d parts of %d", err, len(got), len(want))
	}
	got, err = byLength(body)
	if err != nil || strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("by length: %v, %d parts of %d", err, len(got), len(want))
	}
}

func TestTheHeadNamesTheBoundary(t *testing.T) {
	s := upgrade.NewStream(newFake(""), upgrade.StreamOptions{Kind: multi})
	opening, _, _ := s.Next()
	head, err := textproto.NewReader(bufio.NewReader(bytes.NewReader(opening[len("HTTP/1.1 200 OK\r\n"):]))).ReadMIMEHeader()
	if err != nil {
		t.Fatal(err)
	}
	kind, params, err := mime.ParseMediaType(head.Get("Content-Type"))
	if err != nil || kind != "multipart/x-mixed-replace" || params["boundary"] != upgrade.Boundary {
		t.Errorf("%s %v, %v", kind, params, err)
	}
}

// A part must be readable to its end when it was sent, not when the next comes.
func TestAPartIsCompleteAtOnce(t *testing.T) {
	for _, picture := range []bool{false, true} {
		p := newParts(picture)
		for n := range 3 {
			p.publish("image/png", fmt.Sprint("picture ", n))
			_, body, _ := bytes.Cut(p.all.Bytes(), []byte("\r\n\r\n"))
			r := multipart.NewReader(io.MultiReader(bytes.NewReader(body), stalled{t}), upgrade.Boundary)
			for i := range n + 1 {
				part, err := r.NextRawPart()
				if err != nil {
					t.Fatal(err)
				}
				if content, err := io.ReadAll(part); err != nil || string(content) != fmt.Sprint("picture ", i) {
					t.Fatalf("picture %v: part %d of %d: %q, %v", picture, i, n+1, content, err)
				}
			}
		}
	}
}

// stalled is a connection on which nothing more comes.
type stalled struct{ t *testing.T }

func (s stalled) Read([]byte) (int, error) {
	s.t.Helper()
	s.t.Error("a reader waits for more")
	return 0, io.EOF
}

func TestALongSilenceStaysSmallForAParser(t *testing.T) {
	p := newParts(false)
	p.beat(3 * upgrade.MaxPartBeats)
	if quiet := p.all.Len(); quiet > 1<<11 {
		t.Errorf("%d bytes before the first part", quiet)
	}
	p.publish("text/plain", "one")
	before := p.all.Len()
	p.beat(upgrade.MaxPartBeats)
	if added := p.all.Len() - before; added > 1<<11 {
		t.Errorf("%d bytes in the head of a part", added)
	}
	p.beat(10 * (upgrade.MaxPartBeats + 1))
	p.publish("text/plain", "two")
	body := p.end()
	got, _, err := byDelimiter(body)
	if want := strings.Repeat("one ", 11) + "two"; err != nil || strings.Join(got, " ") != want {
		t.Errorf("%q, %v", got, err)
	}
	if longest := longestHead(body); longest > 1<<11 {
		t.Errorf("the head of a part has %d bytes", longest)
	}
}

func longestHead(body []byte) (longest int) {
	for piece := range bytes.SplitSeq(body, []byte("--"+upgrade.Boundary+"\r\n")) {
		head, _, _ := bytes.Cut(piece, []byte("\r\n\r\n"))
		longest = max(longest, len(head))
	}
	return longest
}

// What Chromium needs to show a picture at once: the head of the next part, with
// its empty line. See multipart.go.
func TestAPictureIsFollowedByTheHeadOfTheNext(t *testing.T) {
	const ahead = "\r\n--" + upgrade.Boundary + "\r\nContent-Type: image/png\r\n\r\n"
	p := newParts(true)
	for n := range 4 {
		p.publish("image/png", fmt.Sprint("picture ", n))
		if !bytes.HasSuffix(p.all.Bytes(), fmt.Appendf(nil, "picture %d%s", n, ahead)) {
			t.Fatalf("%q", p.all.Bytes())
		}
	}
	p.beat(2)
	got, _, err := byDelimiter(p.end())
	if err != nil || strings.Join(got, ", ") != "picture 0, picture 1, picture 2, picture 3, picture 3, picture 3" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestAPictureOfAnotherTypeHasAHeadOfItsOwn(t *testing.T) {
	p := newParts(true)
	p.publish("text/plain", "please wait")
	for _, kind := range []string{"image/png", "image/png", "image/jpeg", "text/plain", "text/plain", "image/png"} {
		p.publish(kind, kind+fmt.Sprint(p.source.version))
	}
	got, types, err := byDelimiter(p.end())
	want := "please wait, image/png1, image/png2, image/png2, image/jpeg3, image/jpeg3, text/plain4, text/plain5, image/png6"
	if err != nil || strings.Join(got, ", ") != want {
		t.Errorf("%q, %v", got, err)
	}
	for i, kind := range types {
		if !strings.HasPrefix(got[i], kind) && i > 0 {
			t.Errorf("%q is said to be %s", got[i], kind)
		}
	}
}

// Whoever can write what a resource says must not write parts.
func TestABodyThatHoldsTheBoundaryIsNoPart(t *testing.T) {
	const mark = "--" + upgrade.Boundary
	for body, fine := range map[string]bool{
		mark: false, mark + "--": false, "x\r\n" + mark + "\r\nContent-Type: text/html\r\n\r\n<script>": false, "x\n" + mark + "\n": false, "x" + mark + "y": false,
		upgrade.Boundary: true, mark[1:]: true, mark[:len(mark)-1]: true, strings.ToUpper(mark): true,
	} {
		u := updateOf("image/png", body)
		if got := u.Representable(multi); got != fine {
			t.Errorf("%q: %v", body, got)
		}
		for _, picture := range []bool{false, true} {
			p := newParts(picture)
			p.publish("image/png", "good")
			p.publish("image/png", body)
			got, _, err := byDelimiter(p.end())
			want := "good"
			if fine {
				want += " " + body
			}
			if err != nil || strings.Join(got, " ") != want || p.stream.Complete() != fine {
				t.Errorf("%q: %q, %v, complete %v", body, got, err, p.stream.Complete())
			}
		}
	}
}

func FuzzMultipart(f *testing.F) {
	f.Add([]byte("a|b\r\n|--|\r\n--"+upgrade.Boundary[1:]+"|"), uint8(3), uint64(0))
	f.Add([]byte("|||"), uint8(70), uint64(0x5555))
	f.Add([]byte("\xff\xd8\r\n\r\n|\n"), uint8(0), uint64(1<<63))
	f.Fuzz(func(t *testing.T, snapshots []byte, beats uint8, kinds uint64) {
		if bytes.Contains(snapshots, []byte("--"+upgrade.Boundary)) {
			return // it is not told
		}
		plain, pictures := newParts(false), newParts(true)
		var want []string
		for i, b := range bytes.Split(snapshots, []byte("|")) {
			body, kind := fmt.Sprintf("%d:%s", i, b), "image/png"
			if kinds&(1<<(i%64)) != 0 {
				kind = "text/plain"
			}
			for _, p := range []*parts{plain, pictures} {
				p.publish(kind, body)
				p.beat(int(beats))
			}
			want = append(want, body)
		}
		check := func(how string, got []string, err error) {
			t.Helper()
			if distinct := withoutRepeats(got); err != nil || strings.Join(distinct, "|") != strings.Join(want, "|") {
				t.Fatalf("%s: %q, want %q, %v", how, distinct, want, err)
			}
		}
		body := plain.end()
		got, err := byLength(body)
		check("by length", got, err)
		got, _, err = byDelimiter(body)
		check("by delimiter", got, err)
		got, _, err = byDelimiter(pictures.end())
		check("pictures", got, err)
	})
}

// withoutRepeats leaves out parts that are the one before them.
func withoutRepeats(all []string) (distinct []string) {
	for i, part := range all {
		if i == 0 || part != all[i-1] {
			distinct = append(distinct, part)
		}
	}
	return distinct
}
