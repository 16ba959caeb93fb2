package head_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/pollmux/pollmux/proxy/head"
	"github.com/pollmux/pollmux/testdata/strict"
)

// followed is how much of a wire is let through, shown in pieces of a size.
func followed(wire string, size int) (through string, err error) {
	var f head.Follower
	for rest := wire; rest != ""; {
		piece := []byte(rest[:min(len(rest), size)])
		n, err := f.Follow(piece)
		if err != nil {
			return wire[:len(wire)-len(rest)+n], err
		}
		if n == 0 {
			return "", errors.New("it does not go on")
		}
		rest = rest[n:]
	}
	return wire, nil
}

// checkFollowed wants a wire let through up to where a bar stands in it; without
// one, as a whole. A CR may get through before it turns out to be bare.
func checkFollowed(t *testing.T, marked string) {
	t.Helper()
	want, rest, refused := strings.Cut(marked, "|")
	for _, size := range []int{1, 2, 3, 7, 50, 1 << 20} {
		through, err := followed(want+rest, size)
		if bad := new(head.Error); strings.TrimSuffix(through, "\r") != strings.TrimSuffix(want, "\r") || (err != nil) != refused || refused && (!errors.As(err, &bad) || bad.Status != 400) {
			t.Errorf("in pieces of %d: %.300q\nand then %v; want %.300q", size, through, err, want)
		}
	}
}

func TestEveryLineOfARequestEndsInCRLF(t *testing.T) {
	for _, marked := range []string{
		"GET /x HTTP/1.1\r\nHost: a\r\n\r\n", "\r\n\r\nGET /x HTTP/1.1\r\nHost: a\r\n\r\n" + get(), "GET /x HTTP/1.0\r\n\r\n",
		"GET /x HTTP/1.1|\nHost: a\r\n\r\n" + smuggled, "GET /x HTTP/1.1\r\nHost: a|\n\r\n", "GET /x HTTP/1.1\r\nHost: a\r\n|\n" + smuggled, "GET /x HTTP/1.0\r\n|\n",
		"|\nGET /x HTTP/1.1\r\n", "\r\n|\n", get() + "|\n" + get(), get() + "GET /y HTTP/1.1|\n", post("abcd", "Content-Length: 4") + "GET /y HTTP/1.1|\n",
	} {
		checkFollowed(t, marked)
	}
}

func TestWhereARequestEndsIsKnown(t *testing.T) {
	padding := strings.Repeat(" ", 100)
	for _, marked := range []string{
		post("abcd"+get(), "Content-Length: 4"), post("\n\n\n\n"+get(), "content-LENGTH:4"), post(get(), "Content-Length: 0"), get("Content-Length: 1") + "\n" + get(),
		post("1\r\n\n\r\n0\r\n\r\n"+get(), "Transfer-Encoding: chunked"), post("0\r\n\r\n"+get(), "TRANSFER-encoding:\tChunked \t"),
		post("abcd|\n", "Content-Length: 4"), post("a|\n", "X-Content-Length: 4", "Content-Length: 1"), post("a|\n", "Content-Length: 1", "Content-Lengths: 4"),
		// About these there could be two opinions: nothing goes on behind the head.
		post("|abcd", "Content-Length: 4", "Content-Length: 4"), post("|abcd", "Content-Length: 4, 4"), post("|abcd", "Content-Length: +4"), post("|abcd", "Content-Length: 04"),
		post("|abcd", "Content-Length:"), post("|0\r\n\r\n", "Content-Length: 4", "Transfer-Encoding: chunked"), post("|0\r\n\r\n", "Transfer-Encoding: chunked", "Content-Length: 0"),
		post("|0\r\n\r\n", "Transfer-Encoding: gzip, chunked"), post("|0\r\n\r\n", "Transfer-Encoding: identity"), post("|0\r\n\r\n", "Transfer-Encoding: chunked", "Transfer-Encoding: chunked"),
		post("|0\r\n\r\n", "Transfer-Encoding:\r\n chunked"), post("|abcd", "Content-Length: "+padding+"4"), post("|0\r\n\r\n", "Transfer-Encoding: chunked"+padding),
		post("|abcd", "Content-Length: 99999999999999999999"), post("|abcd", "Content-Length: -0"),
	} {
		checkFollowed(t, marked)
	}
}

// chunks is a chunked POST, with another request behind it.
func chunks(marked string) string {
	return post(marked+get(), "Transfer-Encoding: chunked")
}

// H-4.
func TestChunksAreASizeAndDataAndLittleElse(t *testing.T) {
	long := strings.Repeat("x", head.MaxExtension-1)
	var many strings.Builder
	for range head.MaxExtensions / head.MaxExtension {
		many.WriteString("1;" + long + "\r\na\r\n")
	}
	for _, marked := range []string{
		"3\r\nabc\r\n0\r\n\r\n", "003\r\nabc\r\n000\r\n\r\n", "A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n", "1\r\n\n\r\n0\r\n\r\n",
		"3;a\r\nabc\r\n0;b=\"c;d\"\r\n\r\n", "3 \t;\ta = b\r\nabc\r\n0\r\n\r\n", "3;a ;b=\"\" ; c\r\nabc\r\n0\r\n\r\n", "3;a=\"\\\"\xff\t;\"\r\nabc\r\n0\r\n\r\n",
		"3;" + long + "\r\nabc\r\n0\r\n\r\n", many.String() + "0\r\n\r\n",
		"3|\nabc\r\n0\r\n\r\n", "3\r\nabc|\n0\r\n\r\n", "3\r\nabc\r\n0|\n\r\n", "3\r\nabc|d\r\n0\r\n\r\n", "3\r\nabc|0\r\n\r\n", "|\r\n3\r\nabc\r\n0\r\n\r\n", "|\n",
		"3 |\r\nabc\r\n0\r\n\r\n", "3\t|\r\nabc", "3 |4\r\n", "| 3\r\nabc", "|+3\r\nabc", "|-3\r\nabc", "0|x3\r\nabc", "3|_0\r\nabc", "3|,\r\nabc", "|;a\r\n", "|g\r\n", "3|.0\r\n", "|\x00\r\n",
		"3;|\r\nabc\r\n0\r\n\r\n", "3;a;|\r\n", "3;a=|\r\n", "3;|=b\r\n", "3;a|[=b\r\n", "3;a=b|=c\r\n", "3;a |b\r\n", "3;a=b |\r\n", "3;|;\r\n", "3;|\xff\r\n",
		"3;a=\"b|\r\nabc\r\n0\r\n\r\n", "3;a=\"\\|\r\n", "3;a=\"b\"|c\r\n", "3;|\"a\"\r\n", "3;a=|\x00\r\n", "3;a=\"|\x7f\"\r\n",
		"3;a|\nabc", "3;a|\x00\r\nabc", "3;|\x0b\r\nabc", "3;a|\x7f\r\nabc", "3;a\r|a\r\nabc", "3\r|\rabc",
		"800000000000000|0\r\na", "0fffffffffffffff|f\r\na", strings.Repeat("0", 16) + "|3\r\nabc",
		"3;" + long + "|x\r\nabc\r\n0\r\n\r\n", many.String() + "1|;a\r\n",
		// A byte here and a byte there.
		strings.Repeat("1\r\na\r\n", 20_000) + "0\r\n\r\n",
	} {
		checkFollowed(t, chunks(marked))
	}
	if through, err := followed(chunks(strings.Repeat("0000000000000001\r\na\r\n", 20_000)), 512); err == nil || len(through) > 20*head.FreeSpent {
		t.Errorf("%d bytes around single ones: %v", len(through), err)
	}
}

func TestATrailerEndsAtAnEmptyLine(t *testing.T) {
	for _, marked := range []string{
		"0\r\nA: b\r\nC: d\r\n\r\n", "0\r\nContent-Length: 5\r\nTransfer-Encoding: gzip\r\n\r\n", "0\r\nUpgrade: x\r\n\r\n",
		"0\r\nA: b|\n\n", "0\r\nA: b\r\n|\n", "0\r\nA: b|\n\r\n", "0\r\n|\n", "0\r\nA: b\r\n c\r\n|\r\n", "0\r\n\ta: b\r\n|\r\n",
		"0\r\nA: b|\rc\r\n\r\n", "0\r\nA: b|\r\r\n\r\n", "0\r\n|\r\r\n", "0\r\nA : b\r\n|\r\n", "0\r\n: b\r\n|\r\n", "0\r\nA\r\n|\r\n", "0\r\n" + strings.Repeat("A", head.MaxFramingLine) + ": b\r\n|\r\n",
	} {
		checkFollowed(t, chunks(marked))
	}
}

// Behind a handshake comes what is no HTTP, if the handshake is accepted.
func TestNothingIsReadBehindAHandshakeUntilItIsAskedForAgain(t *testing.T) {
	var f head.Follower
	handshake := get("Connection: Upgrade", "upgrade: websocket")
	wire := []byte(get() + handshake + "\x81\x85\n\n\n\n")
	n, err := f.Follow(wire)
	if want := len(get() + handshake); n != want || err != nil {
		t.Fatalf("%d, %v, want %d", n, err, want)
	}
	if n, err = f.Follow(wire[n:]); n != 2 || err == nil {
		t.Errorf("then %d, %v", n, err)
	}
}

func TestFollowingAllocatesNothing(t *testing.T) {
	wire := []byte(chrome + chunks("3;a\r\nabc\r\n0\r\nA: b\r\n\r\n"))
	var f head.Follower
	if n := testing.AllocsPerRun(100, func() {
		for rest := wire; len(rest) > 0; {
			n, err := f.Follow(rest[:min(len(rest), 100)])
			if err != nil {
				t.Fatal(err)
			}
			rest = rest[n:]
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// FuzzFollower holds it to a strict reading of the same bytes, however they
// come: what is let through and is a request to the one ends where it ends for
// the other.
func FuzzFollower(f *testing.F) {
	for _, seed := range []string{
		chrome, get() + get(), post("abcd", "Content-Length: 4") + get(), chunks("3\r\nabc\r\n0\r\nA: b\r\n\r\n"), chunks("3;a=b\r\nabc\r\n0\r\n\r\n"), chunks("3 \r\nabc"),
		"GET /x HTTP/1.1\nHost: a\r\n\r\n", chunks("0\r\nA: b\n\n"), post("", "Content-Length: 1", "Transfer-Encoding: chunked"), get("Upgrade: websocket") + "\x81\n",
		"\r\n\r\n" + get(), chunks("000000000000000000001\r\n"), get("X: a\rb"), post("abcd", "Content-Length:  4  "), get("content-length: 2") + "\r\n" + get(),
	} {
		f.Add([]byte(seed), uint8(3))
	}
	f.Fuzz(func(t *testing.T, wire []byte, size uint8) {
		all, allErr := followed(string(wire), len(wire)+1)
		pieces, piecesErr := followed(string(wire), int(size)+1)
		if (allErr == nil) != (piecesErr == nil) || strings.TrimSuffix(all, "\r") != strings.TrimSuffix(pieces, "\r") {
			t.Fatalf("at once %q, %v; in pieces of %d %q, %v", all, allErr, size+1, pieces, piecesErr)
		}
		for rest := string(wire); rest != ""; {
			r, after, err := strict.Cut(rest)
			if err != nil {
				return
			}
			var f head.Follower
			whole := rest[:len(rest)-len(after)]
			through, followErr := followed(whole, int(size)+1)
			if followErr != nil || through != whole {
				if !mayRefuse(&r, whole) {
					t.Fatalf("%q is a request, and not let through: %q, %v", whole, through, followErr)
				}
				return
			}
			for shown := whole; shown != ""; { // another one follows at once
				n, err := f.Follow([]byte(shown))
				if err != nil {
					t.Fatal(err)
				}
				shown = shown[n:]
			}
			if n, err := f.Follow([]byte("\n")); n != 0 || err == nil {
				t.Fatalf("behind %q it is not at a start", whole)
			}
			rest = after
		}
	})
}

// mayRefuse reports whether a request is one that a Follower is stricter about.
func mayRefuse(r *strict.Request, whole string) bool {
	lengths := strings.Join(r.Field("Content-Length"), "")
	for line := range strings.SplitSeq(whole, "\r\n") {
		if len(line) > head.MaxFramingLine || strings.HasPrefix(line, strings.Repeat("0", 17)) {
			return true
		}
	}
	return strings.HasPrefix(lengths, "0") && lengths != "0" || len(whole) > head.FreeSpent
}
