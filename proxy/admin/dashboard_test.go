package admin

import (
	"regexp"
	"strings"
	"testing"
)

func TestTheDashboardIsAllowedItsOwnScriptAndStyleOnly(t *testing.T) {
	a := newRig(t, newStub(t), "").do("GET", "/")
	policy := a.Header.Get("Content-Security-Policy")
	if strings.Contains(policy, "unsafe") || !strings.HasPrefix(policy, "default-src 'none';") {
		t.Errorf("the policy is %q", policy)
	}
	for kind, pattern := range map[string]string{"script-src": `(?s)<script>(.*?)</script>`, "style-src": `(?s)<style>(.*?)</style>`} {
		inline := regexp.MustCompile(pattern).FindAllStringSubmatch(a.body, -1)
		if len(inline) != 1 || len(inline[0][1]) < 1000 {
			t.Fatalf("%s: %d, %.100q", kind, len(inline), inline)
		}
		if !strings.Contains(policy, kind+" "+source([]byte(inline[0][1]))) {
			t.Errorf("the policy does not allow its own %s: %q", kind, policy)
		}
	}
	for _, attribute := range []string{" style=", " onclick=", " onload=", " src="} { // the policy would refuse them
		if strings.Contains(a.body, attribute) {
			t.Errorf("there is a%s", attribute)
		}
	}
}

func TestTheDashboardNeedsNothingFromElsewhereAndMakesNoMarkupOfData(t *testing.T) {
	page := newRig(t, newStub(t), "").do("GET", "/").body
	page = strings.ReplaceAll(page, "http://www.w3.org/2000/svg", "") // a name, not an address
	for _, never := range []string{"http://", "https://", "@import", "innerHTML", "insertAdjacentHTML", "outerHTML =", "document.write", "eval(", "localStorage", "document.cookie", "EventSource(", "setAttribute(\"style"} {
		if strings.Contains(page, never) {
			t.Errorf("the dashboard has %q", never)
		}
	}
}

// A phone in a cellar loads it as well.
func TestTheDashboardIsSmall(t *testing.T) {
	d := newDashboard()
	if plain, gzipped := len(d.document), len(d.gzipped); gzipped == 0 || gzipped > 30<<10 {
		t.Errorf("%d bytes, %d gzipped", plain, gzipped)
	}
	r := newRig(t, newStub(t), "")
	a := r.do("GET", "/", "Accept-Encoding", "gzip")
	if a.body != string(d.gzipped) || a.Header.Get("Content-Encoding") != "gzip" || a.Header.Get("Vary") != "Accept-Encoding" {
		t.Errorf("got %d bytes, %v", len(a.body), a.Header)
	}
	if a := r.do("GET", "/", "Accept-Encoding", "gzip;q=0"); a.body != string(d.document) || a.Header.Get("Content-Encoding") != "" {
		t.Errorf("got %d bytes, %v", len(a.body), a.Header)
	}
}

func TestEveryFileOfTheDashboardIsInIt(t *testing.T) {
	files, err := dashboardFiles.ReadDir("dashboard")
	if err != nil || len(files) < 3 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	page := string(newDashboard().document)
	for _, f := range files {
		if text := string(dashboardFile(f.Name())); f.Name() != "index.html" && (text == "" || !strings.Contains(page, text)) {
			t.Errorf("%s is not", f.Name())
		}
	}
}
