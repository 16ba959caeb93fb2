package main

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pollmux/pollmux/proxy/ledger"
	"github.com/pollmux/pollmux/testdata/await"
)

// An API that nobody here wrote, whose own page polls it: three people look at
// one netdata, with what the README says for a start and nothing else.
func TestThreeViewersOfOneNetdataCostLittleMoreThanOne(t *testing.T) {
	node, chromium := needScripts(t), need(t, "chromium", "chromium-browser", "google-chrome")
	api := startNetdata(t)
	p := start(t, "--upstream", "http://"+api, "--share-no-store", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0")
	viewers := launch(t, node, filepath.Join(scripts, "netdata.mjs"), "http://"+p.serve, chromium, "3")
	for n := range 3 {
		viewers.hears(fmt.Sprintf("viewer %d polls", n), 1)
	}
	var stats ledger.Stats
	_, body := fetch(t, "http://"+p.admin+"/api/stats")
	if err := json.Unmarshal([]byte(body), &stats); err != nil {
		t.Fatal(err)
	}
	asked, sent := stats.Totals.ClientRequests.Poll, stats.Totals.UpstreamRequests.Poll
	t.Logf("%d polls, of which %d went to netdata", asked, sent)
	if saved := stats.Totals.SavedRequestsMeasured; 2*saved < asked || sent > asked-saved {
		t.Errorf("of %d polls %d went to the origin, and %d are said to be saved", asked, sent, saved)
	}
	if heard := viewers.lines.String(); strings.Contains(heard, "status ") || strings.Contains(heard, "error ") {
		t.Errorf("a viewer saw something else than without pollmux:\n%s", heard)
	}
}

// startNetdata runs a netdata that keeps everything in a directory of the test,
// and returns its address once it has something to show.
func startNetdata(t *testing.T) (address string) {
	t.Helper()
	binary := need(t, "netdata")
	if _, err := os.Stat("/usr/share/netdata/web/index.html"); err != nil {
		missing(t, "the package netdata-web is not installed")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address = l.Addr().String()
	l.Close()
	u, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "netdata.conf")
	write(t, file, strings.NewReplacer("DIR", dir, "ADDRESS", address, "USER", u.Username).Replace(netdataConfig))
	launch(t, binary, "-D", "-c", file)
	await.Until(t, "netdata has a chart of the processor", func() bool {
		resp, err := http.Get("http://" + address + "/api/v1/data?chart=system.cpu&after=-3")
		if err != nil {
			return false
		}
		resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	})
	return address
}

const netdataConfig = `
[global]
    run as user = USER
[directories]
    cache = DIR
    lib = DIR
    log = DIR
    config = DIR
    plugins = DIR
[db]
    mode = ram
    retention = 300
[logs]
    access = none
    error = stderr
[web]
    bind to = ADDRESS
[plugins]
    proc = yes
    cgroups = no
    statsd = no
    diskspace = no
    enable running new plugins = no
    netdata monitoring = no
[health]
    enabled = no
[ml]
    enabled = no
[cloud]
    enabled = no
[registry]
    enabled = no
`
