package accesslog

import (
	"bytes"
	"fmt"
	"testing"
	"time"
)

// crowd is a log of a few minutes in nginx's combined format: pollers and people.
func crowd(lines int) []byte {
	var b bytes.Buffer
	for i := range lines {
		at := epoch().Add(time.Duration(i) * 2 * time.Millisecond).Format("02/Jan/2006:15:04:05 -0700")
		target := fmt.Sprintf("/api/leagues/%d/table?_=%d", 100+i%30, i)
		if i%3 == 0 {
			target = fmt.Sprintf("/players/%d", i)
		}
		fmt.Fprintf(&b, "10.%d.%d.%d - - [%s] \"GET %s HTTP/1.1\" 200 %d \"-\" \"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\"\n",
			i%7, i%251, i%193, at, target, 900+i%100)
	}
	return b.Bytes()
}

// BenchmarkAnalyze is on one core. What it costs is told in times of what it costs to
// count the lines.
func BenchmarkAnalyze(b *testing.B) {
	text := crowd(200_000)
	const counts = 50
	began := time.Now()
	for range counts {
		bytes.Count(text, []byte{'\n'})
	}
	counting := float64(time.Since(began).Nanoseconds()) / counts
	for name, format := range map[string]string{"combined": "", "nginx": `nginx:$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent"`} {
		b.Run(name, func(b *testing.B) {
			formats, _ := ParseFormat(format)
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Analyze(b.Context(), []Input{Text("log", text)}, Options{Formats: formats, Workers: 1}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/counting, "×count")
		})
	}
}

// BenchmarkRead is what a line costs before anything is known of it.
func BenchmarkRead(b *testing.B) {
	for name, line := range map[string]string{
		"combined": `10.0.0.1 - - [02/Mar/2026:09:00:01 +0000] "GET /api/leagues/117/table?_=1772442001123 HTTP/1.1" 200 911 "-" "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"`,
		"json":     `{"time_iso8601":"2026-03-02T09:00:01+00:00","remote_addr":"10.0.0.1","request_method":"GET","request_uri":"/api/leagues/117/table?_=1772442001123","status":200,"body_bytes_sent":911,"request_time":0.012,"http_user_agent":"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"}`,
	} {
		b.Run(name, func(b *testing.B) {
			r, folder := formatsOf(name)[0].NewReader(), newFolder()
			if name == "combined" {
				r = formatsOf(name)[1].NewReader()
			}
			var e Entry
			b.SetBytes(int64(len(line)))
			b.ReportAllocs()
			for b.Loop() {
				var q request
				if !r.Read([]byte(line), &e) {
					b.Fatal(line)
				}
				folder.fold(&e, &q)
			}
		})
	}
}

func TestALineIsReadWithoutAnAllocation(t *testing.T) {
	line := []byte(good[:len(good)-1])
	r, folder := formatsOf("combined")[1].NewReader(), newFolder()
	var e Entry
	var q request
	read := func() {
		if !r.Read(line, &e) {
			t.Fatal("not read")
		}
		folder.fold(&e, &q)
	}
	read()
	if n := testing.AllocsPerRun(100, read); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
