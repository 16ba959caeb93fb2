package head_test

import (
	"strings"
	"testing"
)

// H-1: whoever sees both may end the body in two places.
func TestTransferEncodingBesideContentLengthIsRefused(t *testing.T) {
	const te = "Transfer-Encoding: chunked"
	var vectors []vector
	for _, length := range []string{"0", "4", "5", "6", "99999999"} {
		cl := "Content-Length: " + length
		vectors = append(vectors,
			vector{"CL " + length + " first", post("0\r\n\r\n"+smuggled, cl, te), "400"},
			vector{"TE first, CL " + length, post("0\r\n\r\n"+smuggled, te, cl), "400"},
			vector{"apart, CL " + length, post("0\r\n\r\n"+smuggled, te, "X-A: 1", cl), "400"},
		)
	}
	for _, spelling := range []string{
		"transfer-encoding: chunked", "TRANSFER-ENCODING: CHUNKED", "Transfer-Encoding:\tchunked", "Transfer-Encoding: chunked ",
		"Transfer-Encoding: chunked\t", "Transfer-Encoding: identity", "Transfer_Encoding: chunked", "Transfer-encoding: ",
	} {
		vectors = append(vectors, vector{spelling, post("0\r\n\r\n"+smuggled, "Content-Length: 5", spelling), "400"})
	}
	vectors = append(vectors,
		vector{"on a GET", get("Content-Length: 5", te) + "0\r\n\r\n" + smuggled, "400"},
		vector{"in HTTP/1.0", "POST /x HTTP/1.0\r\nContent-Length: 5\r\n" + te + "\r\n\r\n0\r\n\r\n" + smuggled, "400"},
		vector{"after a good request", get() + post("0\r\n\r\n"+smuggled, "Content-Length: 0", te), "200 400"},
	)
	run(t, vectors)
}

// H-2.
func TestContentLengthIsAPlainDecimalNumberOnce(t *testing.T) {
	vectors := []vector{
		{"plain", post("abcd"+get(), "Content-Length: 4"), "200 200"},
		{"zero", post(get(), "Content-Length: 0"), "200 200"},
		{"none", post(get()), "200 200"},
		{"white space around", post("abcd"+get(), "Content-Length: \t 4 \t"), "200 200"},
		{"on a GET", get("Content-Length: 4") + "abcd" + get(), "200 200"},
		{"on a PUT", strings.Replace(get("Content-Length: 4"), "GET", "PUT", 1) + "abcd" + get(), "200 200"},
	}
	for _, value := range []string{
		"0004", "00", "+4", "-4", "-0", "", "4,4", "4, 4", "4 4", "0x4", "4e0", "4.0", "４", "4\x0b", "4;", "\"4\"", "four",
		"9223372036854775808", "18446744073709551616", "18446744073709551620", "99999999999999999999999999",
	} {
		vectors = append(vectors, vector{"value " + value, post("abcd"+smuggled, "Content-Length: "+value), "400"})
	}
	for _, lines := range [][]string{
		{"Content-Length: 4", "Content-Length: 4"}, {"Content-Length: 4", "Content-Length: 0"}, {"Content-Length: 4", "content-length: 4"},
		{"Content_Length: 4"}, {"CONTENT_LENGTH: 4"}, {"Content-Length: 4", "Content_Length: 4"}, {"Content_Length: 99", "X-A: 1"},
	} {
		vectors = append(vectors, vector{strings.Join(lines, "+"), post("abcd"+smuggled, lines...), "400"})
	}
	run(t, vectors)
}

// H-3.
func TestOnlyASingleChunkedIsATransferEncoding(t *testing.T) {
	const body = "4\r\nabcd\r\n0\r\n\r\n"
	var vectors []vector
	for _, value := range []string{"chunked", "Chunked", "CHUNKED", "\tchunked", "chunked \t"} {
		vectors = append(vectors, vector{value, post(body+get(), "Transfer-Encoding:"+value), "200 200"})
	}
	for value, want := range map[string]string{
		"identity": "501", "Identity": "501", "": "400", "xchunked": "400", "chunkedx": "400", "gzip": "400", "gzip, chunked": "400",
		"chunked, gzip": "400", "chunked, chunked": "400", ",chunked": "400", "chunked,": "400", ", chunked": "400", "chunked;q=1": "400",
		"\"chunked\"": "400", "chunk ed": "400", "\x0bchunked": "400", "\x0cchunked": "400", "chunked\x00": "400", "\xa0chunked": "400",
		"chun\u212aed": "400", "'chunked'": "400", "chunked, identity": "400", "identity, chunked": "400",
	} {
		vectors = append(vectors, vector{"value " + value, post(body+smuggled, "Transfer-Encoding: "+value), want})
	}
	for _, lines := range [][]string{
		{"Transfer-Encoding: chunked", "Transfer-Encoding: chunked"}, {"Transfer-Encoding: chunked", "Transfer-Encoding: identity"},
		{"Transfer-Encoding: identity", "Transfer-Encoding: chunked"}, {"Transfer_Encoding: chunked"}, {"TRANSFER_ENCODING: x"},
		{"Transfer-Encoding: chunked", "Transfer_Encoding: identity"}, {"Transfer-Encoding:\r\n chunked"}, {"Transfer-Encoding: chunked\r\n , identity"},
	} {
		vectors = append(vectors, vector{strings.Join(lines, "+"), post(body+smuggled, lines...), "400"})
	}
	vectors = append(vectors, vector{"in HTTP/1.0", "POST /x HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n" + body + smuggled, "400"})
	run(t, vectors)
}

func TestTheLengthOfABodyIsWhatItsFramingSays(t *testing.T) {
	for raw, want := range map[string]int64{
		get(): 0, post("", "Content-Length: 0"): 0, post("", "Content-Length: 4"): 4, post("", "Transfer-Encoding: chunked"): -1,
		get("Content-Length: 7"): 7, post("", "Content-Length: 9223372036854775807"): 1<<63 - 1,
	} {
		if got := mustParse(t, raw).Length; got != want {
			t.Errorf("%q: %d, want %d", raw, got, want)
		}
	}
}
